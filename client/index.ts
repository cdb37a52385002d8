// What an application imports: `import { connect } from "laba/client"`.
export { connect } from "./connect.ts"
export type { ConnectionState, Direct, Laba, LabaEvents } from "./laba.ts"
export type {
  Channel,
  ChannelEvents,
  ChannelOptions,
  ChannelState,
  Reset,
  Subscription,
} from "./channels/channel.ts"
export type { PresenceMember } from "../wire/frames.ts"
export type { State } from "./state-machine.ts"
export type { Message } from "./channels/message.ts"
export type { Options } from "./options.ts"
export type { TokenSource } from "./connection/token-source.ts"
export type { Published, PublishOptions } from "./publishing/publish-queue.ts"
export { type ClientCode, LabaFailure, type Reason } from "./reason.ts"
export type {
  Clock,
  Environment,
  EventSourceLike,
  FetchLike,
  WatchPage as Page,
  SocketLike,
  StorageLike,
} from "./environment.ts"
export type { TransportName } from "./transports/transport.ts"
export { LabaSocket } from "./laba-socket.ts"
