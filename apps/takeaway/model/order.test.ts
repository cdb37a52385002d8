import { describe, expect, test } from "bun:test"
import { type NoOrder, type Order, readOrder } from "./order.ts"

const contact = { name: "Ann", address: "1 Long Street", telephone: "13800000000" }
const ours = { shop: "shop1", ...contact, dishes: [{ dish: "egg", count: 2 }] }

const refused = (body: unknown) => readOrder(body) as NoOrder
const read = (body: unknown) => readOrder(body) as Order

describe("an order", () => {
  test("is read from our own shape, with several dishes", () => {
    const dishes = [{ dish: "egg", count: 2 }, { dish: "rice" }]
    expect(readOrder({ ...ours, note: "no salt", dishes })).toEqual({
      shop: "shop1",
      ...contact,
      note: "no salt",
      lines: [
        { dish: "egg", count: 2 },
        { dish: "rice", count: 1 },
      ],
    })
  })

  test("is read from the first desk's shape, one dish a post", () => {
    const body = { user: "Ann", addr: "1 Long Street", telephone: "13800000000", shop_name: "shop1" }
    expect(readOrder({ ...body, dish: "egg" })).toEqual({
      shop: "shop1",
      ...contact,
      note: "",
      lines: [{ dish: "egg", count: 1 }],
    })
  })

  test("is read from the first desk's later shape, with a list that names prices, which are not believed", () => {
    const dishList = [{ shop_name: "shop1", dish: "egg", price: 0.01 }, { dish: "rice" }]
    const body = { user: "Ann", addr: "1 Long Street", telephone: 13800000000, shop_name: "shop1", dishList }
    expect(readOrder(body)).toEqual({
      shop: "shop1",
      ...contact,
      note: "",
      lines: [
        { dish: "egg", count: 1 },
        { dish: "rice", count: 1 },
      ],
    })
  })

  test("with the same dish twice has it once, counted", () => {
    expect(read({ ...ours, dishes: ["egg", { dish: "egg", count: 3 }] }).lines).toEqual([
      { dish: "egg", count: 4 },
    ])
  })

  test.each(["shop", "name", "address", "telephone"] as const)("without its %s is told so", (field) => {
    expect(refused({ ...ours, [field]: "  " })).toEqual({
      wrong: "empty",
      field,
      detail: `The ${field} is missing.`,
    })
    const { [field]: _, ...rest } = ours
    expect(refused(rest).wrong).toBe("empty")
  })

  test("of nothing is no order", () => {
    expect(refused({ ...ours, dishes: [] }).wrong).toBe("empty")
    const { dishes: _, ...rest } = ours
    expect(refused(rest).wrong).toBe("empty")
  })

  test.each([
    ["half a dish", { dishes: [{ dish: "egg", count: 0.5 }] }],
    ["none of a dish", { dishes: [{ dish: "egg", count: 0 }] }],
    ["too many of one dish", { dishes: [{ dish: "egg", count: 100 }] }],
    ["too many dishes", { dishes: Array.from({ length: 31 }, (_, at) => `dish ${at}`) }],
    ["a name that does not end", { name: "x".repeat(51) }],
    ["a name that is no text", { name: { first: "Ann" } }],
    ["a telephone that is none", { telephone: "call me" }],
  ])("with %s is refused", (_, wrong) => {
    expect(refused({ ...ours, ...wrong })).toMatchObject({
      wrong: "malformed",
      field: Object.keys(wrong)[0]?.replace("dishes", "dish"),
    })
  })

  test.each([[null], [[]], ["order"], [7]])("is an object, not %p", (body) => {
    expect(refused(body).wrong).toBe("malformed")
  })

  test("keeps quotes and markup as the text they are, on one line", () => {
    expect(read({ ...ours, name: "O'Hara\n<b>" }).name).toBe("O'Hara <b>")
  })
})
