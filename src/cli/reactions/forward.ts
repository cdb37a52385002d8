// `laba forward`: posts each message to a URL, at least once, from where it left off.
import { postEvent } from "../../reactions/cloud-event.ts"
import { eventOf } from "../../reactions/message-event.ts"
import type { Reaction } from "../../reactions/reaction.ts"
import { readArguments } from "../arguments.ts"
import { type Command, UsageError } from "../command.ts"
import { listAside, reactTo, readReactionTask, retryAside, sharedFlags } from "./reaction-task.ts"
import { webhookSecret } from "../flags/secrets.ts"

const flags = {
  to: {
    type: "string",
    value: "<url>",
    says: "where to post: the payload as the body, CloudEvents headers; LABA_WEBHOOK_SECRET signs it",
  },
  ...sharedFlags,
} as const

export const forward: Command = {
  name: "forward",
  summary: "Post each message to a URL",
  usage: "forward <channel> --to <url> [flags]",
  flags,
  examples: [
    [
      "laba forward /orders/new --to https://shop.example/hooks/orders",
      "each message, in order, until it is taken",
    ],
    ["laba forward /photos --to http://127.0.0.1:9000/ --at-once 8", "eight at a time, in no order"],
    ["laba forward /orders/new --aside", "what was never taken, with why"],
    ["laba forward /orders/new --to https://shop.example/hooks/orders --retry", "and tries it again"],
  ],
  async run(args) {
    const { given, words } = readArguments(args, flags, 1)
    const task = readReactionTask("forward", words[0], given)
    if (given.aside) return listAside(task)
    const url = given.to
    if (url === undefined) throw new UsageError("say where to: --to https://…")
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
      throw new UsageError(`"${url}" is not the address of a receiver`)
    const secret = webhookSecret()
    const reaction: Reaction = (message, { number, signal }) =>
      postEvent(eventOf(message, number), { url, secret, timeoutMs: task.timeoutMs, signal })
    return given.retry ? retryAside(task, reaction) : reactTo(task, reaction)
  },
}
