// A stream that takes the frames of a SockJS session: `xhr_streaming`, `eventsource`, `htmlfile`. They differ by what stands around a frame.
import type { Receiver, ReceiverOwner } from "./receiver.ts"

/** How a transport writes: what comes first, and a frame. */
export interface StreamShape {
  readonly prelude: string
  readonly shape: (frame: string) => string
}

/** What Bun hands to a stream of the type `direct`: bytes go to the socket without a queue of JavaScript's. */
interface DirectController {
  /** The bytes taken, 0 when the client is gone, or a promise for when they are, while the client is behind. */
  write(chunk: Uint8Array): number | Promise<number>
  close(): void
}

/** A stream ends after so many bytes, since browsers keep all of an answer that they read by script; its client opens the next at once. */
const responseBytesMax = 128 * 1024

const encoder = new TextEncoder()

interface StreamReceiverOptions extends StreamShape {
  /** Called once the answer has begun. */
  readonly onOpen: (receiver: StreamReceiver) => void
  /** Called before it is closed: after that no time-out can be set any more. */
  readonly beforeClose: () => void
}

export class StreamReceiver implements Receiver {
  readonly isPoll = false
  /** What makes this a source of Bun's direct streams. */
  readonly type = "direct"
  behindBytes = 0
  owner: ReceiverOwner | null = null
  private readonly options: StreamReceiverOptions
  private controller: DirectController | null = null
  private writtenBytes = 0
  private isOver = false

  constructor(options: StreamReceiverOptions) {
    this.options = options
  }

  body(): ReadableStream {
    return new ReadableStream(this as unknown as UnderlyingDefaultSource)
  }

  /** Bun calls it once, when the response begins. */
  pull(controller: DirectController): void {
    this.controller = controller
    this.writeText(this.options.prelude)
    this.options.onOpen(this)
  }

  /** Bun calls it when the client is gone. */
  cancel(): void {
    if (this.isOver) return
    this.isOver = true
    this.controller = null
    this.owner?.answerCut(this)
  }

  write(frame: string): boolean {
    this.writtenBytes += this.writeText(this.options.shape(frame))
    return this.writtenBytes < responseBytesMax
  }

  end(): void {
    if (this.isOver) return
    this.isOver = true
    this.options.beforeClose()
    this.controller?.close()
    this.controller = null
  }

  private writeText(text: string): number {
    const bytes = encoder.encode(text)
    const written = this.controller?.write(bytes)
    if (written instanceof Promise) this.fellBehind(bytes.length, written)
    return bytes.length
  }

  private fellBehind(bytes: number, drained: Promise<number>): void {
    this.behindBytes += bytes
    const caughtUp = (): void => {
      this.behindBytes -= bytes
      this.owner?.readOn()
    }
    drained.then(caughtUp, caughtUp)
  }
}
