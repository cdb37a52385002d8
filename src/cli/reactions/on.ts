// `laba on`: runs a command for each message, at least once, from where it left off.
import { runCommand } from "../../reactions/shell-command.ts"
import { payloadOf, variablesOf } from "../../reactions/message-event.ts"
import type { Reaction } from "../../reactions/reaction.ts"
import { readArguments } from "../arguments.ts"
import { type Command, UsageError } from "../command.ts"
import { listAside, reactTo, readReactionTask, retryAside, sharedFlags } from "./reaction-task.ts"
import { passOnError, passOnOutput } from "../terminal.ts"

const flags = {
  exec: {
    type: "string",
    value: "<command>",
    says: "a line for the shell: the message is its standard input, LABA_… say the rest",
  },
  ...sharedFlags,
} as const

export const on: Command = {
  name: "on",
  summary: "Run a command for each message",
  usage: "on <channel> --exec <command> [flags]",
  flags,
  examples: [
    [
      "laba on /orders/new --exec './print-bill.sh'",
      "each message on standard input; LABA_ID, LABA_CURSOR… around it",
    ],
    ["laba on /photos --exec ./shrink.sh --at-once 4", "four at a time, in no order"],
    ["laba on /orders/new --aside", "what failed to the last, with why"],
    ["laba on /orders/new --exec './print-bill.sh' --retry", "and tries it again"],
  ],
  async run(args) {
    const { given, words } = readArguments(args, flags, 1)
    const task = readReactionTask("on", words[0], given)
    if (given.aside) return listAside(task)
    const command = given.exec
    if (!command?.trim()) throw new UsageError("say what to run: --exec ./command.sh")
    const reaction: Reaction = (message, { number, signal }) =>
      runCommand({
        command,
        input: payloadOf(message),
        environment: variablesOf(message, number),
        signal,
        onOutput: passOnOutput,
        onError: passOnError,
      })
    return given.retry ? retryAside(task, reaction) : reactTo(task, reaction)
  },
}
