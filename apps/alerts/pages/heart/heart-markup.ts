// The HTML of the heartbeat page: a process that must be heard from, and what happens when it is silent.
import { both } from "../../../kit/browser/language.ts"

export const heartMain = (): string => `
<section class="lead">
  <h1>${both("Is it still alive?", "它还活着吗？")}</h1>
  <p>${both(
    `The log server says every <b class="every"></b> s that it lives. Nobody asks it. When nothing was heard for <b class="silent"></b> s, Laba tells whoever must know: once, and once more when it is back.`,
    `日志服务器每 <b class="every"></b> 秒报一次平安，没有人去问它。<b class="silent"></b> 秒听不到声音，Laba 就通知该知道的人：只说一次，恢复后再说一次。`,
  )}</p>
</section>
<section class="monitor" id="monitor" data-state="waiting" aria-labelledby="monitor-title">
  <header><h2 id="monitor-title"><code id="channel"></code></h2>
    <p class="state" role="status">
      <span data-when="waiting">${both("listening…", "收听中…")}</span>
      <span data-when="beating">${both("alive", "正常")}</span>
      <span data-when="late">${both("nothing heard", "没有声音")}</span>
      <span data-when="silent">${both("SILENT", "失联")}</span></p></header>
  <canvas id="trace" aria-hidden="true"></canvas>
  <dl>
    <div><dt>${both("last heard", "上次心跳")}</dt><dd><b id="since">–</b> <small>${both("s ago", "秒前")}</small></dd></div>
    <div><dt>${both("beats heard", "听到的心跳")}</dt><dd><b id="beats">0</b></dd></div>
    <div><dt>${both("alarm in", "距告警")}</dt><dd><b id="left">–</b> <small>${both("s", "秒")}</small></dd></div>
  </dl>
  <div class="fuse" aria-hidden="true"><i id="fuse"></i></div>
</section>
<p class="acts">
  <button type="button" class="main-button" data-heart="kill">${both("Kill it: <code>kill -9</code>", "杀掉它：<code>kill -9</code>")}</button>
  <button type="button" class="quiet-button" data-heart="revive">${both("Bring it back", "让它复活")}</button>
</p>
<section class="alarms"><h2>${both("Alarms", "告警")} <code>/alarms</code></h2>
  <ol id="alarms" aria-live="assertive"></ol><p class="empty" id="no-alarms">${both("None. All is well.", "没有告警，一切正常。")}</p>
  <p class="also">${both('Told by mail as well: see <a href="/#mailbox-title">the team’s mailbox</a>.', '同时发了邮件：见<a href="/#mailbox-title">团队的邮箱</a>。')}</p>
</section>`
