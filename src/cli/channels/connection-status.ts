// What a command that listens says of its connection on standard error, and when it has to give up.
import type { Channel, Laba, Reason } from "../../../client/index.ts"
import { CommandError } from "../command.ts"
import { say } from "../terminal.ts"

/** Says when the connection is lost and when it is back; rejects when the server says to stay away. */
export function sayUntilRefused(laba: Laba, channel: Channel, server: string): Promise<never> {
  let lost = false
  return new Promise((_, reject) => {
    const closed = ({ code, detail }: Reason) => reject(new CommandError(`${code}: ${detail}`))
    laba.on("state", ({ state, reason }) => {
      if (state === "closed" && reason) closed(reason)
      if (state === "waiting" && reason && !lost) {
        lost = true
        say(`laba: no connection to ${server} (${reason.code}: ${reason.detail}); coming back`)
      }
      if (state === "open" && lost) {
        lost = false
        say("laba: connected again")
      }
    })
    channel.on("state", ({ state, reason }) => {
      if (state === "closed" && reason) closed(reason)
    })
  })
}
