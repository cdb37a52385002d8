// What a STOMP frame is once it was read. Headers are decoded, and of repeated ones only the first is there.

/** What a client may say. */
const clientCommands = [
  "CONNECT",
  "STOMP",
  "SEND",
  "SUBSCRIBE",
  "UNSUBSCRIBE",
  "ACK",
  "NACK",
  "BEGIN",
  "COMMIT",
  "ABORT",
  "DISCONNECT",
] as const

export type ClientCommand = (typeof clientCommands)[number]

export type StompHeaders = ReadonlyMap<string, string>

export interface ClientFrame {
  readonly command: ClientCommand
  readonly headers: StompHeaders
  /** Empty for everything but SEND. Its own memory, not a view into what was received. */
  readonly body: Uint8Array
}

/** A header beside its text: a place in a map and two strings. */
const headerOverheadBytes = 64

/** About what a frame takes while it is kept. */
export function bytesOfFrame({ headers, body }: ClientFrame): number {
  let bytes = body.length
  for (const [name, value] of headers) bytes += name.length + value.length + headerOverheadBytes
  return bytes
}

/** Whether a word is a command that clients send. Commands are case-sensitive. */
export const isClientCommand = (word: string): word is ClientCommand =>
  (clientCommands as readonly string[]).includes(word)

/** Opens a connection, in either spelling. */
export const isConnect = (command: ClientCommand): boolean => command === "CONNECT" || command === "STOMP"
