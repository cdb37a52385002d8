// The deploy board: what every node does, on the screen of everybody who has it open.
import { both } from "../../../kit/browser/language.ts"

export const deploysMain = (): string => `
<section class="lead">
  <h1>${both("The deploy board", "部署看板")}</h1>
  <p>${both(
    "Three nodes, three real processes. Each says itself that it starts and stops. Open this page in a second window, or on your phone: everybody sees the same, at the same moment.",
    "三个节点，三个真实的进程，启动和停止都由它们自己说。再开一个窗口，或者用手机打开这一页：所有人同时看到同样的事。",
  )}</p>
</section>
<section class="departures" aria-label="Nodes / 节点">
  <p class="latest" id="latest" aria-live="polite">${both("Listening for the nodes…", "正在收听…")}</p>
  <ol id="nodes"></ol>
</section>
<p class="all"><button type="button" class="main-button" id="release">${both("Release to all, one by one", "逐个发布新版本")}</button></p>
<section class="log"><h2>${both("What was said", "刚才说了什么")} <code>/deploys</code></h2><ol id="log"></ol></section>`
