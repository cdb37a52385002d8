// All that the three specifications of STOMP demand (MUST, REQUIRED, and in 1.0 what is "required" or always so), in the order of the text.
// What they demand of clients is here as what a server does with those who do otherwise.
import { expect } from "bun:test"
import {
  acknowledgesAllBefore,
  bearsHaste,
  hasNoBodies,
  isHeardNoMore,
  readsSoManyOctets,
  shared,
  unsubscribesById,
} from "./shared-demands.ts"
import { ackNames, escapesAgain, refusesEscapes, unescapes } from "./spelling-demands.ts"
import { type Demand, fails, heard, nothing, refuses, type Version } from "./talk.ts"

/** By version; a demand's number is its place, from 1. */
export const demands: Readonly<Record<Version, readonly Demand[]>> = {
  "1.0": [
    [
      "CONNECT",
      "the server always answers with CONNECTED, which has a session",
      async (talk) => {
        const client = await talk.opened()
        client.sendRaw("CONNECT\nlogin: a\npasscode:\n\n\0")
        expect((await client.frame("CONNECTED")).headers["session"]).toBeString()
      },
    ],
    shared.destination,
    [
      "SEND",
      "so many bytes are read, NULL or not; without a length the first NULL is the end",
      async (talk) => {
        await readsSoManyOctets(talk)
        const client = await talk.subscribed()
        client.sendRaw(`SEND\ndestination:${talk.channel}\n\nup to here\0\n\n`)
        expect(await heard(client)).toBe("up to here")
      },
    ],
    [
      "SUBSCRIBE",
      "what is received henceforth is delivered; ack is auto unless it is said, or client",
      async (talk) => {
        await acknowledgesAllBefore(talk)
        await refuses(talk, [["SUBSCRIBE", { destination: talk.channel, ack: "client-individual" }]])
        const client = await talk.subscribed()
        await talk.publish("1", "2")
        expect([await heard(client), await heard(client)]).toEqual(["1", "2"])
      },
    ],
    [
      "SUBSCRIBE",
      "its body is ignored",
      async (talk) => {
        const client = await talk.connected()
        client.sendRaw(`SUBSCRIBE\ndestination: ${talk.channel}\nreceipt:in\n\na body\0`)
        await client.frame("RECEIPT")
        await talk.publish("x")
        expect(await heard(client)).toBe("x")
      },
    ],
    [
      "UNSUBSCRIBE",
      "a destination or an id is required",
      async (talk) => {
        await refuses(talk, [["UNSUBSCRIBE"]])
        await isHeardNoMore(talk)
        const client = await talk.connected()
        client.send("SUBSCRIBE", { destination: talk.channel, receipt: "in" })
        client.send("UNSUBSCRIBE", { destination: talk.channel, receipt: "out" })
        expect((await client.frame("RECEIPT")).headers["receipt-id"]).toBe("in")
        expect((await client.frame("RECEIPT")).headers["receipt-id"]).toBe("out")
        await talk.publish("unheard")
        await nothing(client)
      },
    ],
    shared.begin,
    shared.commit,
    [
      "ACK",
      "the header message-id is required, that of a MESSAGE",
      ackNames("ACK", { "message-id": "unknown" }),
    ],
    shared.abort,
    shared.to,
    shared.ofWhich,
    shared.receipt,
  ],
  "1.1": [
    ["Value Encoding", "\\n is a line feed", unescapes("\\n", "\n")],
    ["Value Encoding", "\\c is a colon", unescapes("\\c", ":")],
    ["Value Encoding", "\\\\ is a backslash", unescapes("\\\\", "\\")],
    [
      "Value Encoding",
      "escapes that are not defined, such as \\r, are fatal",
      refusesEscapes("\\r", "\\t", "\\"),
    ],
    ["Value Encoding", "what is written is escaped in turn", escapesAgain],
    ["Value Encoding", "frames other than SEND, MESSAGE and ERROR have no body", hasNoBodies],
    shared.trim,
    ["Connecting", "clients may connect and disconnect rapidly", bearsHaste],
    shared.version,
    shared.server,
    shared.accept,
    shared.destination,
    shared.headers,
    shared.send,
    shared.subscribe,
    shared.id,
    shared.client,
    shared.ack,
    shared.nack,
    ["UNSUBSCRIBE", "an id is required, that of a subscription", unsubscribesById],
    [
      "ACK",
      "message-id and subscription are required, those of a MESSAGE",
      ackNames(
        "ACK",
        { "message-id": "?" },
        { subscription: "?" },
        { "message-id": "unknown", subscription: "?" },
        { "message-id": "?", subscription: "unknown" },
      ),
    ],
    [
      "NACK",
      "message-id and subscription are required",
      ackNames("NACK", { "message-id": "?" }, { subscription: "?" }),
    ],
    shared.begin,
    shared.commit,
    shared.abort,
    shared.disconnect,
    shared.lengths,
    shared.octets,
    shared.utf8,
    shared.to,
    shared.ofWhich,
    shared.receipt,
    shared.error,
    shared.twoBeats,
    shared.noBeats,
    shared.beats,
  ],
  "1.2": [
    ["Value Encoding", "\\r is a carriage return", unescapes("\\r", "\r")],
    ["Value Encoding", "\\n is a line feed", unescapes("\\n", "\n")],
    ["Value Encoding", "\\c is a colon", unescapes("\\c", ":")],
    ["Value Encoding", "\\\\ is a backslash", unescapes("\\\\", "\\")],
    [
      "Value Encoding",
      "escapes that are not defined, such as \\t, are fatal",
      refusesEscapes("\\t", "\\x", "\\"),
    ],
    ["Value Encoding", "what is written is escaped in turn", escapesAgain],
    shared.trim,
    ["Body", "frames other than SEND, MESSAGE and ERROR have no body", hasNoBodies],
    shared.octets,
    shared.lengths,
    [
      "Header content-type",
      "its value is a MIME type",
      async (talk) => {
        await refuses(talk, [["SEND", { destination: talk.channel, "content-type": "nonsense" }]])
        const client = await talk.subscribed()
        client.send("SEND", { destination: talk.channel, "content-type": "application/json" }, "{}")
        expect((await client.frame("MESSAGE")).headers["content-type"]).toBe("application/json")
      },
    ],
    shared.utf8,
    ["Connection Lingering", "clients may connect and disconnect rapidly", bearsHaste],
    [
      "CONNECT or STOMP Frame",
      "STOMP is handled as CONNECT",
      async (talk) => {
        const client = await talk.opened()
        client.send("STOMP", { "accept-version": "1.2", host: "laba" })
        expect((await client.frame("CONNECTED")).headers["version"]).toBe("1.2")
      },
    ],
    shared.version,
    shared.server,
    shared.accept,
    [
      "Protocol Negotiation",
      "without a common version there is an ERROR, and the end",
      async (talk) => {
        const client = await talk.opened()
        client.send("CONNECT", { "accept-version": "2.1", host: "laba" })
        await fails(client)
      },
    ],
    shared.twoBeats,
    shared.noBeats,
    shared.beats,
    shared.destination,
    shared.headers,
    shared.send,
    shared.subscribe,
    shared.id,
    shared.ids,
    shared.client,
    shared.ack,
    shared.nack,
    shared.unsubscribe,
    ["ACK", "the header id is included, the ack of a MESSAGE", ackNames("ACK", { id: "unknown" })],
    ["NACK", "the header id is required", ackNames("NACK", { "message-id": "?", subscription: "?" })],
    shared.begin,
    shared.begins,
    shared.commit,
    shared.abort,
    shared.disconnect,
    shared.to,
    shared.ofWhich,
    [
      "MESSAGE",
      "where it is to be acknowledged it has the header ack",
      async (talk) => {
        for (const ack of ["client", "client-individual"]) {
          const client = await talk.subscribed({ ack })
          await talk.publish("x")
          const { headers } = await client.frame("MESSAGE")
          client.send("ACK", { id: headers["ack"] as string, receipt: "done" })
          await client.frame("RECEIPT")
        }
      },
    ],
    shared.receipt,
    shared.error,
  ],
}
