import { expect, test } from "bun:test"
import type { Conversation } from "../conversation/conversation.ts"
import { stubContext } from "../stub-context.ts"
import { TcpConnection } from "./tcp-connection.ts"
import type { TcpSocket } from "./tcp-peer.ts"

/** A connection over a socket that takes so many bytes of each write. */
function connectionOver(takes: number) {
  const written: string[] = []
  const calls: string[] = []
  const received: string[] = []
  let takesNow = takes
  let isJudged = false
  const socket = {
    write(bytes: Uint8Array) {
      const taken = bytes.subarray(0, takesNow)
      written.push(new TextDecoder().decode(taken))
      return taken.length
    },
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
    end: () => void calls.push("end"),
    terminate: () => void calls.push("cut"),
  }
  const conversation = {
    opened: () => void calls.push("opened"),
    receive: (bytes: Uint8Array) => void received.push(new TextDecoder().decode(bytes)),
    left: () => void calls.push("left"),
  }
  const slowReaders = {
    suspect() {},
    judge() {
      if (!isJudged) {
        isJudged = true
        connection.endWith("slow")
      }
    },
    progressed() {},
  }
  const connection: TcpConnection = new TcpConnection(
    stubContext({ slowReaders, limits: { outboxBytesMax: 40 } }),
    socket as unknown as TcpSocket,
    () => conversation as unknown as Conversation,
  )
  return { connection, written, calls, received, take: (bytes: number) => (takesNow = bytes) }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test("what comes before somebody is let in is heard after it, in its order", async () => {
  const { connection, calls, received } = connectionOver(100)
  connection.onData(bytes("one"))
  connection.onData(bytes("two"))
  await turn()
  expect([calls, received]).toEqual([["pause"], []])
  connection.open()
  connection.onData(bytes("three"))
  await turn()
  expect(received).toEqual(["one", "two", "three"])
  expect(calls).toContain("resume")
  connection.onData(bytes("four"))
  expect(received).toEqual(["one", "two", "three", "four"])
})

test("what is sent in one turn leaves in one write, and what the kernel does not take leaves later, in order", async () => {
  const { connection, written, take } = connectionOver(4)
  connection.open()
  connection.sendAll(["abc", "def"])
  connection.send("ghi")
  await turn()
  expect([written, connection.backlogBytes()]).toEqual([["abcd"], 5])
  take(100)
  connection.onDrain()
  expect([written, connection.backlogBytes()]).toEqual([["abcd", "efghi"], 0])
})

test("it ends behind its last frame, and is ready again once there is room", async () => {
  const { connection, calls, take } = connectionOver(0)
  connection.open()
  connection.send("x".repeat(30))
  await turn()
  const ready = connection.ready()
  expect(ready).not.toBeNull()
  connection.endWith("last")
  await turn()
  expect(calls).not.toContain("end")
  take(100)
  connection.onDrain()
  await ready
  expect(calls).toContain("end")
  connection.send("too late")
  await turn()
  expect(connection.backlogBytes()).toBe(0)
})

test("who has too much waiting is told so behind a whole frame, however many pieces it was given in", async () => {
  const { connection, written, take } = connectionOver(0)
  connection.open()
  connection.sendAll([bytes("h".repeat(100)), bytes("t".repeat(100)), "\0"])
  connection.send("too late")
  await turn()
  take(1000)
  connection.onDrain()
  expect(written.join("")).toBe(`${"h".repeat(100)}${"t".repeat(100)}\0slow`)
})
