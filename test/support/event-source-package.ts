// The npm package `eventsource` as a listener: what a backend that follows a channel would use.
import { EventSource } from "eventsource"
import { Inbox } from "./inbox.ts"

export type EventSourceLine =
  | { event: "open" }
  | { event: "message" | "binary" | "reset" | "close"; data: string; id: string }
  | { event: "error"; status: number | null }

export class EventSourceListener implements AsyncDisposable {
  readonly inbox: Inbox<EventSourceLine>
  readonly source: EventSource
  /** `Last-Event-ID` of every request it made, null where it sent none. */
  readonly asked: (string | null)[] = []

  constructor(url: string) {
    this.inbox = new Inbox(`eventsource ${url}`)
    this.source = new EventSource(url, {
      fetch: (input, init) => {
        this.asked.push(new Headers(init.headers).get("last-event-id"))
        return fetch(input, init as RequestInit)
      },
    })
    this.source.onopen = () => this.inbox.push({ event: "open" })
    this.source.onerror = (error) => this.inbox.push({ event: "error", status: error.code ?? null })
    for (const event of ["message", "binary", "reset", "close"] as const) {
      this.source.addEventListener(event, (message) => {
        this.inbox.push({ event, data: message.data as string, id: message.lastEventId })
      })
    }
  }

  next(): Promise<EventSourceLine> {
    return this.inbox.next()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.source.close()
  }
}
