// A WebSocket of the attacker's, through the trusted proxy: says what it is told, and notes what it gets.
import type { AttackedServer } from "./attacked-server.ts"
import { via } from "./attacked-server.ts"

interface AttackerSocket extends Disposable {
  readonly frames: string[]
  readonly isOpen: boolean
  send(frame: string): void
  /** Resolves when it was closed, or after the given time. */
  closed(withinMs: number): Promise<boolean>
}

/** Null when it was not let in. */
export async function openAttackerSocket(
  server: AttackedServer,
  target: string,
  headers: Record<string, string> = via(),
): Promise<AttackerSocket | null> {
  // Bun's own client takes headers, which a browser's does not.
  const socket = new WebSocket(server.base.replace("http", "ws") + target, {
    protocols: ["laba.v1"],
    headers,
  } as unknown as string[])
  const frames: string[] = []
  const end = Promise.withResolvers<boolean>()
  socket.onmessage = (event) => void frames.push(String(event.data))
  const opened = await new Promise<boolean>((resolve) => {
    socket.onopen = () => resolve(true)
    socket.onclose = () => {
      end.resolve(true)
      resolve(false)
    }
  })
  if (!opened) return null
  return {
    frames,
    get isOpen() {
      return socket.readyState === WebSocket.OPEN
    },
    send: (frame) => socket.send(frame),
    closed: (withinMs) => Promise.race([end.promise, Bun.sleep(withinMs).then(() => false)]),
    [Symbol.dispose]: () => socket.close(),
  }
}
