// What an application imports: `import { connect } from "laba/client"`.
export { connect } from "./connect.ts"
export type { ConnectionState, Direct, Laba, LabaEvents } from "./laba.ts"
export type { Channel, ChannelEvents, ChannelOptions, ChannelState, Subscription } from "./channel.ts"
export type { PresenceMember } from "../wire/frames.ts"
export type { Reset } from "./inbox.ts"
export type { State } from "./machine.ts"
export type { Message } from "./message.ts"
export type { Options, TokenSource } from "./options.ts"
export type { Published, PublishOptions } from "./publishing.ts"
export { type ClientCode, LabaFailure, type Reason } from "./reason.ts"
export type {
  Clock,
  Environment,
  EventSourceLike,
  FetchLike,
  Page,
  SocketLike,
  StorageLike,
} from "./environment.ts"
export type { TransportName } from "./transport.ts"
export { LabaSocket } from "./classic.ts"
