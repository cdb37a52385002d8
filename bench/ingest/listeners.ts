// Listeners of one channel each, who count what they hear, on Laba and on Centrifugo.
import { channelOf } from "./source.ts"

type Server = "laba" | "centrifugo"

const atOnce = 100
const openSecondsMax = 60

export class Listeners implements Disposable {
  /** Messages that were heard, by all. */
  heard = 0
  private readonly sockets: WebSocket[] = []
  private readonly server: Server
  private readonly port: number

  private constructor(server: Server, port: number) {
    this.server = server
    this.port = port
  }

  static async open(server: Server, port: number, count: number): Promise<Listeners> {
    const listeners = new Listeners(server, port)
    let next = 0
    const opener = async (): Promise<void> => {
      while (next < count) await listeners.join(next++)
    }
    await Promise.all(Array.from({ length: atOnce }, opener))
    return listeners
  }

  /** Whether all were heard within the time. */
  async hear(count: number, secondsMax: number): Promise<boolean> {
    const deadline = performance.now() + secondsMax * 1000
    while (this.heard < count && performance.now() < deadline) await Bun.sleep(5)
    return this.heard >= count
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.close()
  }

  private async join(listener: number): Promise<void> {
    const isLaba = this.server === "laba"
    const channel = channelOf(listener)
    const base = `ws://127.0.0.1:${this.port}`
    const socket = new WebSocket(isLaba ? `${base}/${channel}` : `${base}/connection/websocket`)
    this.sockets.push(socket)
    const joined = Promise.withResolvers<void>()
    const late = setTimeout(
      () => joined.reject(new Error(`listener ${listener} is not in`)),
      openSecondsMax * 1000,
    )
    socket.onerror = () => joined.reject(new Error(`listener ${listener} was not let in`))
    socket.onopen = () => {
      if (isLaba) joined.resolve()
      else socket.send(`{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"${channel}"}}`)
    }
    socket.onmessage = ({ data }: { readonly data: string }) => {
      if (isLaba) {
        this.heard++
        return
      }
      for (const line of data.split("\n")) {
        if (line.includes('"n":')) this.heard++
        else if (line === "{}") socket.send("{}")
        else if (line.includes('"id":2')) {
          if (line.includes('"error"')) joined.reject(new Error(line))
          else joined.resolve()
        }
      }
    }
    await joined.promise
    clearTimeout(late)
  }
}
