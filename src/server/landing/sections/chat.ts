// Where the page leads on to something people use: the chat room, and the few lines of client that it takes.
import { both, escape } from "../bilingual.ts"

const client = `<script src="/_/client.js"></script>
<script>
const laba = Laba.connect()
const room = laba.channel("/chat/room")
room.on("message", ({ data }) => show(data))
room.publish({ text: "hello" })
</script>`

export function chatSection(): string {
  return `
<section class="room" aria-labelledby="room-title">
  <div>
    <h2 id="room-title">${both("A chat room, in under 100 lines", "不到一百行的聊天室")}</h2>
    <p>${both(
      "Open it in two windows, or on two phones. Cut the network, say something, and come back: what was said is there, each line once. The page’s source is the whole program.",
      "开两个窗口，或者两部手机。断开网络，说几句，再连上：该有的都有，每句只有一遍。页面的源代码就是全部程序。",
    )}</p>
    <a class="open" href="/_/chat">${both("Open the room", "进入聊天室")}</a>
  </div>
  <pre tabindex="0"><code>${escape(client)}</code></pre>
</section>`
}
