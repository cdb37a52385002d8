// Which channels hold dead letters. No message of a source is published there, wherever its values lead: it could pose as one, of another
// ingest too, and be replayed.
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import type { IngestConfig } from "../ingest.ts"

export const deadLetterChannels = (
  ingests: readonly Pick<IngestConfig, "deadLetter">[],
): ReadonlySet<string> => new Set(ingests.map(({ deadLetter }) => deadLetter))

/** Throws `bad_channel` for one of them. */
export function checkNoDeadLetters(channel: Channel, ofDeadLetters: ReadonlySet<string>): void {
  if (ofDeadLetters.has(channel))
    throw new LabaError("bad_channel", `${channel} is a channel of dead letters, and of nothing else.`)
}
