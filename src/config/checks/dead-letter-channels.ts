// The rules of the channels that ingests set messages aside in. They hold what others have written, and what lies there is published
// again as if its source had sent it: so nobody but the ingest writes there, and who may read is said for them alone.
import type { Channel, Rule } from "../../channels/channel.ts"
import { parseChannel } from "../../channels/name.ts"
import { covers } from "../../channels/pattern-cover.ts"
import { anyPart, anyParts, parsePattern, type Pattern } from "../../channels/pattern.ts"
import { defaultRule, Rules } from "../../channels/rules.ts"
import type { ChannelOutput } from "../schema/config-schema.ts"
import type { IngestOutput } from "../schema/ingest-schema.ts"

type IngestsOutput = Readonly<Record<string, IngestOutput>>

/** Begins the patterns of rules that are meant for dead letters. */
const begin = "/ingest/"

/** Keys read them, for a week. */
const standard: ChannelOutput = {
  history: { count: 1000, bytes: 16 * 1024 * 1024, time: 7 * 24 * 3600 * 1000 },
  slow: defaultRule.slow,
  listen: "key",
  publish: "nobody",
  presence: "nobody",
  manage: "key",
}

/** Where an ingest sets messages aside; null where it does so at its source. */
export const deadLetterChannelOf = (
  name: string,
  { deadLetter }: Pick<IngestOutput, "deadLetter">,
): Channel | null =>
  deadLetter === "source" ? null : parseChannel(deadLetter ?? `${begin}${name}/dead`, "body")

/**
 * The rules as they are written, with one for each channel of dead letters that has the usual name. What rules that begin with
 * `/ingest/` and are about it say of it counts, the most specific last; whatever they leave out is as for all dead letters, and not as
 * a wider rule, or one about another channel, has it.
 */
export function withDeadLetterChannels(
  channels: readonly (readonly [string, ChannelOutput])[],
  ingests: IngestsOutput,
): (readonly [string, ChannelOutput])[] {
  const own = channels
    .map(([text, said]) => ({ pattern: parsePattern(text), said }))
    .filter(({ pattern }) => pattern.text.startsWith(begin))
    .sort((a, b) => (specificity(a.pattern) < specificity(b.pattern) ? -1 : 1))
  const added = new Map<string, ChannelOutput>()
  for (const [name, ingest] of Object.entries(ingests)) {
    if (ingest.deadLetter !== undefined) continue
    const pattern = parsePattern(deadLetterChannelOf(name, ingest) as Channel)
    let channel = standard
    for (const each of own) if (covers(each.pattern, pattern)) channel = narrowed(channel, each.said)
    added.set(pattern.text, channel)
  }
  return [...channels.filter(([text]) => !added.has(parsePattern(text).text)), ...added]
}

/** Sorts patterns that cover one name as the rules are looked up: the first part in which they differ decides. */
const specificity = ({ parts }: Pattern): string =>
  parts.map((part) => (part === anyParts ? "0" : part === anyPart ? "1" : "2")).join("")

const narrowed = (wide: ChannelOutput, said: ChannelOutput): ChannelOutput => ({
  ...wide,
  ...said,
  history:
    said.history === "none" || wide.history === "none" ? said.history : { ...wide.history, ...said.history },
})

/** The rules with the channels of dead letters closed to all who publish, those with names of their operator's too. */
export function closedToPublishers(rules: readonly Rule[], ingests: IngestsOutput): readonly Rule[] {
  const found = new Rules(rules)
  const closed = new Map<string, Rule>()
  for (const [name, ingest] of Object.entries(ingests)) {
    const channel = deadLetterChannelOf(name, ingest)
    if (channel === null) continue
    const rule = found.for(channel)
    const { permissions } = rule
    closed.set(channel, {
      ...rule,
      pattern: channel,
      ...(permissions && { permissions: { ...permissions, publish: "nobody" } }),
    })
  }
  return [...rules.filter(({ pattern }) => !closed.has(parsePattern(pattern).text)), ...closed.values()]
}
