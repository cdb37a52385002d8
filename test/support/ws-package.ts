// The npm package `ws` on Node as a listener, in a process of its own (see ws-on-node.mjs).
import { join } from "node:path"
import { Inbox } from "./inbox.ts"

type WsLine =
  | { event: "open"; protocol: string }
  | { event: "message"; text?: string; base64?: string }
  | { event: "close"; code: number; reason: string }
  | { event: "refused"; status: number }
  | { event: "error"; message: string }

export class WsOnNode implements AsyncDisposable {
  readonly inbox: Inbox<WsLine>
  private readonly child: Bun.Subprocess<"pipe", "pipe", "inherit">

  constructor(url: string, protocols: readonly string[] = []) {
    this.inbox = new Inbox(`ws on Node ${url}`)
    this.child = Bun.spawn(
      ["node", join(import.meta.dir, "ws-on-node.mjs"), url.replace(/^http/, "ws"), ...protocols],
      {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "inherit",
      },
    )
    void this.read()
  }

  next(): Promise<WsLine> {
    return this.inbox.next()
  }

  /** Sends one text message; it must not hold a line feed. */
  send(text: string): void {
    void this.child.stdin.write(`${text}\n`)
    void this.child.stdin.flush()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill()
    await this.child.exited
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ""
    for await (const bytes of this.child.stdout) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) this.inbox.push(JSON.parse(line) as WsLine)
    }
    this.inbox.fail("the process ended")
  }
}
