// The contract of what reaches people: Laba, over HTTP. The desk holds no socket; this is all that it can do to one.

export interface LabaPush {
  /** Where clients listen. */
  readonly url: string
  /** Publishes records, each to its channel. Rejects when one of them could not be: then all are told again. */
  publish(messages: readonly PublishedRecord[]): Promise<void>
  /** Sends a text to one connection alone. False: it is gone. */
  send(connection: string, text: string): Promise<boolean>
  isOpen(connection: string): Promise<boolean>
}

export interface PublishedRecord {
  readonly channel: string
  /** JSON. */
  readonly data: unknown
  /** The same key is published once, so that telling again does not tell twice. */
  readonly key: string
}
