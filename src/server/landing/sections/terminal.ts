// The same from a terminal: lines to copy, with the address this page was reached at.
import { both, escape } from "../bilingual.ts"

interface TerminalCommand {
  readonly id: string
  readonly says: string
  readonly command: string
}

function commandsFor(address: string, channel: string): readonly TerminalCommand[] {
  const url = address + channel
  return [
    {
      id: "line-publish",
      says: both("Publish: a form’s field, or any raw body", "发布：表单字段 data，或任意正文"),
      command: `curl -d 'data=hello' ${url}`,
    },
    {
      id: "line-sse",
      says: both("Listen by server-sent events", "用 SSE 收听"),
      command: `curl -N -H 'Accept: text/event-stream' ${url}`,
    },
    {
      id: "line-websocket",
      says: both("Listen by WebSocket, raw messages", "用 WebSocket 收听，原样消息"),
      command: `npx wscat -c ${url.replace(/^http/, "ws")}`,
    },
    {
      id: "line-wait",
      says: both("Wait for the next message", "等下一条消息（长轮询）"),
      command: `curl '${url}?wait=25'`,
    },
    {
      id: "line-newest",
      says: both("Read the newest one", "直接读最新一条"),
      command: `curl ${url}`,
    },
  ]
}

export function terminalSection(address: string, channel: string): string {
  const rows = commandsFor(address, channel).map(
    ({ id, says, command }) => `
    <li>
      <span class="says">${says}</span>
      <div class="line"><pre tabindex="0"><code id="${id}">${escape(command)}</code></pre>
      <button type="button" class="copy" data-copies="${id}">
        <span class="before">${both("Copy", "复制")}</span><span class="after">${both("Copied", "已复制")}</span>
        <span class="unseen">${both(`: ${says}`, `：${says}`)}</span>
      </button></div>
    </li>`,
  )
  return `
<section class="terminal" aria-labelledby="terminal-title">
  <h2 id="terminal-title">${both("Now from your terminal", "再到终端里试试")}</h2>
  <p>${both(
    "Run these beside this page: what you publish there is called out here, and the other way round.",
    "开着这个页面去终端里跑：那边发布的，这里会叫出来；反过来也一样。",
  )}</p>
  <ul>${rows.join("")}</ul>
</section>`
}
