// The four lines at the top of the README, as they stand there, against whatever was started.
import { expect, test } from "bun:test"
import { curl, CurlStream } from "../support/curl.ts"
import type { PollAnswer } from "../support/poller.ts"
import { headOf } from "../support/publish.ts"
import { WsOnNode } from "../support/ws-package.ts"

const untilListening = async (url: string, count = 1): Promise<void> => {
  while ((await headOf(url)).listeners < count) await Bun.sleep(5)
}

/** `hello` names a channel that no other test uses. For `wscat` stands `ws` on Node: wscat is no more than its prompt. */
export function fourLines(hello: () => string): void {
  test("curl -d 'data=hello' publishes, and a WebSocket hears it raw", async () => {
    const url = hello()
    await using listener = new WsOnNode(url)
    expect(await listener.next()).toEqual({ event: "open", protocol: "" })
    const { exitCode, output } = await curl("-d", "data=hello", url)
    expect(exitCode).toBe(0)
    expect(JSON.parse(output)).toMatchObject({ duplicate: false, listeners: 1, history: "kept" })
    expect(await listener.next()).toEqual({ event: "message", text: "hello" })
  })

  test("curl -N -H 'Accept: text/event-stream' listens", async () => {
    const url = hello()
    await using listener = new CurlStream("-N", "-H", "Accept: text/event-stream", url)
    await listener.prints("id: ")
    await curl("-d", "data=hello", url)
    await listener.prints("data: hello\n\n")
  })

  test("curl '…?after=…&wait=25' long-polls, and without `wait` polls", async () => {
    const url = hello()
    const first = JSON.parse((await curl("-d", "data=one", url)).output) as { cursor: string }
    const held = curl(`${url}?after=${first.cursor}&wait=25`)
    await untilListening(url)
    await curl("-d", "data=two", url)
    const answer = JSON.parse((await held).output) as PollAnswer
    expect(answer).toMatchObject({ reset: null, messages: [{ data: "two" }] })
    expect(JSON.parse((await curl(`${url}?after=${first.cursor}`)).output)).toEqual(answer)
    expect(JSON.parse((await curl(`${url}?after=${answer.cursor}`)).output)).toMatchObject({ messages: [] })
  })

  test("curl without anything answers the newest message itself", async () => {
    const url = hello()
    await curl("-d", "data=hello", url)
    expect(await curl(url)).toEqual({ exitCode: 0, output: "hello" })
  })
}
