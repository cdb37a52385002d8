// What a publish answers, on every road: HTTP, library and backend API.
import { printCursor } from "../../wire/cursor.ts"
import type { Channel } from "../channels/channel.ts"
import type { Published } from "../hub/hub.ts"

export interface PublishAnswer {
  readonly channel: string
  readonly cursor: string
  readonly id: string
  readonly duplicate: boolean
  readonly listeners: number
  readonly history: "kept" | "none"
}

export function answerOf(channel: Channel, published: Published): PublishAnswer {
  const { position, id, duplicate, listeners, history } = published
  return { channel, cursor: printCursor(channel, position), id, duplicate, listeners, history }
}
