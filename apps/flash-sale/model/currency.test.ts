import { expect, test } from "bun:test"
import { amountText, minorDigits } from "./currency.ts"

test("an amount has the digits of its currency", () => {
  expect(amountText(1990, "CNY")).toBe("19.90")
  expect(amountText(5, "CNY")).toBe("0.05")
  expect(amountText(0, "CNY")).toBe("0.00")
  expect(amountText(500, "JPY")).toBe("500")
  expect(amountText(0, "JPY")).toBe("0")
  expect(amountText(1, "KWD")).toBe("0.001")
  expect(amountText(-1990, "CNY")).toBe("-19.90")
})

test("a currency that is not in the table has two digits", () => {
  expect(["HUF", "IDR", "XYZ"].map(minorDigits)).toEqual([2, 2, 2])
})
