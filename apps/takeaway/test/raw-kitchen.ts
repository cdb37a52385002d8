// A kitchen as pages for the first takeaway desk are, which was written for Tencent's API gateway (docs/guide/takeaway.md): a plain
// WebSocket at `/pgws` that sends the name of its shop.

export class RawKitchen implements Disposable {
  readonly heard: string[] = []
  closed: { readonly code: number; readonly reason: string } | null = null
  private readonly socket: WebSocket

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.addEventListener("message", ({ data }) => this.heard.push(String(data)))
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason }
    })
  }

  /** Rejects when the socket is not let in. */
  static open(labaUrl: string, token: string | null): Promise<RawKitchen> {
    const query = token === null ? "" : `?token=${token}`
    const socket = new WebSocket(`${labaUrl.replace(/^http/, "ws")}/pgws${query}`)
    const kitchen = new RawKitchen(socket)
    return new Promise((resolve, reject) => {
      socket.addEventListener("open", () => resolve(kitchen))
      socket.addEventListener("close", () => reject(new Error("not let in")))
      socket.addEventListener("error", () => reject(new Error("not let in")))
    })
  }

  say(text: string): void {
    this.socket.send(text)
  }

  [Symbol.dispose](): void {
    this.socket.close()
  }
}
