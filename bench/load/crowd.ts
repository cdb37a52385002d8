// A crowd of listeners on one server: opened a bounded number at a time, watched for those who are sent away, closed
// together.
import { Listener } from "./listener.ts"
import { listeningTo, type Way } from "./listening.ts"
import type { Tally } from "./tally.ts"

interface CrowdOptions {
  readonly port: number
  readonly way: Way
  readonly listeners: number
  /** The index of the first, where several crowds share a tally. Default 0. */
  readonly first?: number
  /** The path that each one listens at. */
  readonly pathOf: (listener: number) => string
  /** More header lines of each one's request, each with its end. Default none. */
  readonly headersOf?: ((listener: number) => string) | undefined
  readonly tally: Tally
  readonly messageBytes: number
  /** Handshakes at the same time. Below the 512 that Bun keeps waiting for `accept`. */
  readonly handshakesAtOnce?: number
  /** Seconds in which all must be in. Default: a minute for each. */
  readonly openSecondsMax?: number
}

export class Crowd {
  /** Seconds from the first connect to the last answer. */
  openSeconds = 0
  private readonly members = new Map<number, Listener>()
  private isClosed = false
  private readonly options: CrowdOptions

  private constructor(options: CrowdOptions) {
    this.options = options
  }

  static async open(options: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd(options)
    const began = performance.now()
    const { first = 0, listeners } = options
    let next = first
    const opener = async (): Promise<void> => {
      while (next < first + listeners && !crowd.isClosed) await crowd.join(next++)
    }
    const atOnce = Math.min(options.handshakesAtOnce ?? 128, options.listeners)
    const late = Promise.withResolvers<never>()
    const { openSecondsMax } = options
    const deadline =
      openSecondsMax === undefined
        ? undefined
        : setTimeout(() => late.reject(new Error(crowd.inWords(openSecondsMax))), openSecondsMax * 1000)
    try {
      await Promise.race([Promise.all(Array.from({ length: atOnce }, opener)), late.promise])
    } catch (error) {
      crowd.close()
      throw error
    } finally {
      clearTimeout(deadline)
    }
    crowd.openSeconds = (performance.now() - began) / 1000
    return crowd
  }

  get size(): number {
    return this.members.size
  }

  get indexes(): number[] {
    return [...this.members.keys()]
  }

  async join(index: number): Promise<void> {
    const { port, way, pathOf, headersOf, tally, messageBytes } = this.options
    const listening = listeningTo({ port, way, path: pathOf(index), headers: headersOf?.(index) })
    const onLost = (why: string): void => {
      this.members.delete(index)
      tally.fault(`listener ${index} was sent away: ${why}`)
    }
    const listener = await Listener.open({ index, port, listening, tally, messageBytes, onLost })
    if (this.isClosed) return listener.leave()
    this.members.set(index, listener)
  }

  leave(index: number): void {
    this.members.get(index)?.leave()
    this.members.delete(index)
  }

  private inWords(seconds: number): string {
    return `only ${this.size} of ${this.options.listeners} listeners were in after ${seconds} s`
  }

  close(): void {
    this.isClosed = true
    for (const index of this.indexes) this.leave(index)
  }
}
