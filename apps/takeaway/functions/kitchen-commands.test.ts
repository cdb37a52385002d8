import { describe, expect, test } from "bun:test"
import { readPlainCommand, readCommand } from "./kitchen-commands.ts"

describe("what a kitchen says in JSON", () => {
  test("is an act on a bill, with who says it and why", () => {
    expect(readCommand('{"do":"refuse","bill":12,"by":"front","reason":" no\\nrice "}')).toEqual({
      do: "refuse",
      bill: 12,
      by: "front",
      reason: "no rice",
    })
    expect(readCommand('{"do":"accept","bill":12}')).toEqual({
      do: "accept",
      bill: 12,
      by: null,
      reason: null,
    })
  })

  test("is opening and closing the shop", () => {
    expect(readCommand('{"do":"open"}')).toEqual({ do: "open" })
    expect(readCommand('{"do":"close"}')).toEqual({ do: "close" })
  })

  test("is cut to what fits on a screen", () => {
    const command = readCommand(
      JSON.stringify({ do: "refuse", bill: 1, by: "b".repeat(99), reason: "r".repeat(999) }),
    )
    expect(command).toMatchObject({ by: "b".repeat(20), reason: "r".repeat(100) })
  })

  test.each([
    ["not JSON", "accept 12"],
    ["null", "null"],
    ["an act that is the customer's", '{"do":"cancel","bill":12}'],
    ["an act that is the clock's", '{"do":"lapse","bill":12}'],
    ["no act", '{"do":"constructor","bill":12}'],
    ["no bill", '{"do":"accept"}'],
    ["half a bill", '{"do":"accept","bill":1.5}'],
  ])("is nothing when it is %s", (_, text) => {
    expect(readCommand(text)).toBeNull()
  })
})

describe("what a kitchen of the first desk says in plain text", () => {
  test("is its shop's name, which opens the shop", () => {
    expect(readPlainCommand("shop1")).toEqual({ shop: "shop1", command: { do: "open" } })
    expect(readPlainCommand("shop1;online")).toEqual({ shop: "shop1", command: { do: "open" } })
    expect(readPlainCommand("shop1;offline")).toEqual({ shop: "shop1", command: { do: "close" } })
  })

  test("is a ping, which says nothing about any shop", () => {
    expect(readPlainCommand("ping")).toEqual({ shop: null, command: { do: "ping" } })
  })

  test("is an act on a bill", () => {
    expect(readPlainCommand("shop1;refuse;12;sold out")).toEqual({
      shop: "shop1",
      command: { do: "refuse", bill: 12, by: null, reason: "sold out" },
    })
  })

  test.each(["", ";online", "shop1;cancel;12", "shop1;accept", "shop1;accept;x"])(
    "is nothing: %p",
    (text) => {
      expect(readPlainCommand(text)).toBeNull()
    },
  )
})
