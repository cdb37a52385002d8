// A client of the attacker's that speaks STOMP, right or wrong: bytes by bytes, over a WebSocket through the trusted proxy or over TCP.
import { openStompSocket } from "../support/stomp.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { type AttackedServer, via } from "./attacked-server.ts"

export type Road = "websocket" | "tcp"
export const roads: readonly Road[] = ["websocket", "tcp"]

export interface StompAttacker extends AsyncDisposable {
  readonly isOver: boolean
  send(bytes: string | Uint8Array): void
  /** Reads nothing more, where that can be done. */
  stall(): void
  /** Resolves when it was ended, or after the given time. */
  over(withinMs: number): Promise<boolean>
}

export const hello = "CONNECT\naccept-version:1.2\n\n\0"

export async function openStomp(server: AttackedServer, road: Road): Promise<StompAttacker> {
  const { client, isOver } = road === "tcp" ? await overTcp(server) : await overWebSocket(server)
  return {
    get isOver() {
      return isOver()
    },
    send(bytes) {
      if (!isOver()) client.send(bytes)
    },
    stall: () => client.stall(),
    async over(withinMs) {
      const until = Date.now() + withinMs
      while (!isOver() && Date.now() < until) await Bun.sleep(20)
      return isOver()
    },
    [Symbol.asyncDispose]: async () => client.close(),
  }
}

interface Carrier {
  readonly client: { send(bytes: string | Uint8Array): void; stall(): void; close(): void | Promise<void> }
  readonly isOver: () => boolean
}

async function overTcp(server: AttackedServer): Promise<Carrier> {
  const raw = await RawConnection.open(`http://127.0.0.1:${server.stompPort}`)
  return {
    client: {
      send: (bytes) => raw.send(bytes),
      stall: () => raw.stall(),
      close: () => raw[Symbol.asyncDispose](),
    },
    isOver: () => raw.ended,
  }
}

async function overWebSocket(server: AttackedServer): Promise<Carrier> {
  const client = await openStompSocket(server.base, { headers: via() })
  return {
    client: { send: (bytes) => client.sendRaw(bytes), stall: () => undefined, close: () => client.close() },
    isOver: () => client.socket.readyState !== WebSocket.OPEN,
  }
}
