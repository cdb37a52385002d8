// The contract of what carries results to listeners: Laba, in this process or elsewhere. Publishing may fail and is
// tried again; listeners tell repeats by the version in the record.

export interface LabaPublisher {
  /** Where clients listen. */
  readonly url: string
  /** Publishes JSON. Rejects when it could not. */
  publish(channel: string, json: string): Promise<void>
  /** Whether anything was ever published to a channel that it still knows. Rejects when it cannot be reached. */
  holds(channel: string): Promise<boolean>
  close(): Promise<void>
}
