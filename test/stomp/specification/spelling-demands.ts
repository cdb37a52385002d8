// What versions demand each in its own words: escapes, and what an ACK and a NACK name.
import { expect } from "bun:test"
import { fails, type Headers, type Holds, refuses } from "./talk.ts"

export const unescapes =
  (spelled: string, meant: string): Holds =>
  async (talk) => {
    const client = await talk.subscribed()
    client.sendRaw(`SEND\ndestination:${talk.channel}\nx${spelled}y:${spelled}\n\nhello\0`)
    // What comes back is spelled again, and read by the client.
    expect((await client.frame("MESSAGE")).headers[`x${meant}y`]).toBe(meant)
  }

export const refusesEscapes =
  (...escapes: readonly string[]): Holds =>
  (talk) =>
    refuses(
      talk,
      escapes.map((escape) => `SEND\ndestination:${talk.channel}\nx:a${escape}b\n\nhello\0`),
    )

/** The bytes of a MESSAGE: another listener reads them unspelled. */
export const escapesAgain: Holds = async (talk) => {
  const client = await talk.subscribed({ id: "a:b\\c" })
  await talk.publish("x")
  expect((await client.frame("MESSAGE")).headers["subscription"]).toBe("a:b\\c")
}

export const ackNames =
  (command: string, ...headers: readonly Headers[]): Holds =>
  async (talk) => {
    for (const given of [{}, ...headers]) {
      const client = await talk.subscribed({ ack: "client" })
      await talk.publish("x")
      const { headers: of } = await client.frame("MESSAGE")
      const filled = Object.entries(given).map(([name, value]) => [name, value === "?" ? of[name] : value])
      client.send(command, Object.fromEntries(filled))
      await fails(client)
    }
  }
