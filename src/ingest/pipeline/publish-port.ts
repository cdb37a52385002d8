// What the pipeline needs of the server it publishes in. It refuses to know more of hub, engine and nodes.
import type { Channel } from "../../channels/channel.ts"
import type { MaybePromise, Payload } from "../../engines/engine.ts"
import type { SourceMark } from "../../engines/source-mark.ts"

export interface PublishPort {
  /** The part of the engine that a channel is in: in each, publishes of one source are in order. */
  partOf(channel: Channel): string
  /** Null when the channel's listeners keep up; else resolves when they may. */
  room(channel: Channel): Promise<void> | null
  /**
   * Publishes once for each mark. Throws `SourceGap` when what the mark follows was not published, and `LabaError`; then
   * it was not published, or the mark knows it when it is tried again.
   */
  publish(
    channel: Channel,
    payload: Payload,
    mark: SourceMark | undefined,
  ): MaybePromise<{ readonly duplicate: boolean }>
  /** Pushes to one connection, unnumbered, wherever it is. Throws `LabaError`, `gone` where there is none. */
  push(connection: string, payload: Payload): Promise<void>
}
