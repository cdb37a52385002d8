// `laba ingest test`: what would become of a message of a source. Nothing is published, and no source is read.
import { checkNotReserved } from "../../channels/reserved-paths.ts"
import { ingestCautions } from "../../config/checks/ingest-problems.ts"
import type { Config } from "../../config/config.ts"
import type { IngestConfig } from "../../ingest/ingest.ts"
import { checkNoDeadLetters, deadLetterChannels } from "../../ingest/pipeline/dead-letter-channels.ts"
import { MessageRoute, type Outcome } from "../../ingest/template/message-route.ts"
import { readArguments } from "../arguments.ts"
import { type Command, CommandError, exit, UsageError } from "../command.ts"
import { configFlag, loadConfig } from "../flags/config.ts"
import { print } from "../terminal.ts"
import { readMessageFile } from "./message-file.ts"

const flags = {
  config: configFlag,
  message: {
    type: "string",
    value: "<file>",
    says: "a JSON object with `body`, and with key, topic, headers and fields where they matter; or a body alone; - reads standard input",
  },
} as const

const usage = "laba ingest test <name> --message <file>"

export const ingest: Command = {
  name: "ingest",
  summary: "Show what would become of a message of a source",
  usage: "ingest test <name> --message <file> [flags]",
  flags,
  examples: [
    ["laba ingest test sale-results --message won.json", "where it would be published, as what; or why not"],
    [`echo '{"userId":7}' | laba ingest test sale-results --message -`, "a body alone"],
  ],
  async run(args) {
    const { given, words } = readArguments(args, flags, 2)
    const [verb, name] = words
    if (verb !== "test" || name === undefined || !given.message) throw new UsageError(`say \`${usage}\``)
    const { config } = await loadConfig(given.config, {})
    const one = config.ingest.find((each) => each.name === name)
    if (!one) {
      const known = config.ingest.map((each) => each.name)
      throw new CommandError(
        known.length === 0
          ? "no `ingest` is configured"
          : `there is no ingest "${name}"; there are ${known.join(", ")}`,
      )
    }
    const ofDeadLetters = deadLetterChannels(config.ingest)
    const route = new MessageRoute(one.route, one.kind, {
      limits: config.limits,
      checkName(channel) {
        checkNoDeadLetters(channel, ofDeadLetters)
        checkNotReserved(channel, config.reservedPaths)
      },
    })
    const outcome = route.outcomeOf(readMessageFile(await read(given.message)))
    print(describe(outcome, one, config).join("\n"))
    return outcome.kind === "at-fault" ? exit.failed : exit.ok
  },
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return path === "-" ? await Bun.stdin.bytes() : await Bun.file(path).bytes()
  } catch (cause) {
    throw new CommandError(`${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

function describe(outcome: Outcome, one: IngestConfig, config: Config): readonly string[] {
  if (outcome.kind === "passed-over") return ["It would be passed over: `when` or `unless` leaves it out."]
  if (outcome.kind === "at-fault") {
    const where = one.deadLetter === "source" ? `at its source` : `in ${one.deadLetter}`
    return [`It would be set aside ${where}:`, `  ${outcome.reason}`]
  }
  const { channels, connection, payload, id } = outcome
  const { type, data, bytes } = payload
  const to = connection === null ? "It would be published to" : "It would be pushed to the connection"
  const shown = typeof data === "string" ? cut(data) : "(not text)"
  return [
    to,
    ...(connection === null ? channels : [connection]).map((name) => `  ${name}`),
    `as ${type}, ${bytes} ${bytes === 1 ? "byte" : "bytes"}`,
    `  ${shown}`,
    ...(id === null ? [] : [`known again by its id ${JSON.stringify(id)}`]),
    ...ingestCautions(one, config),
  ]
}

const cut = (text: string): string => (text.length > 500 ? `${text.slice(0, 500)}…` : text)
