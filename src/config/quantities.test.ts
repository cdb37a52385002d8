import { expect, test } from "bun:test"
import { bytesOf, millisecondsOf, sizePattern, timePattern } from "./quantities.ts"

test("sizes are in powers of 1024, with or without the i", () => {
  const sizes: [number | string, number][] = [
    [7, 7],
    ["100B", 100],
    ["64KB", 65_536],
    ["64 KiB", 65_536],
    ["1.5MB", 1_572_864],
    ["2GiB", 2 ** 31],
    ["0.3KB", 307],
  ]
  for (const [size, bytes] of sizes) expect(bytesOf(size)).toBe(bytes)
  for (const [size] of sizes) if (typeof size === "string") expect(size).toMatch(sizePattern)
})

test("times are in seconds when they are numbers", () => {
  const times: [number | string, number][] = [
    [0.5, 500],
    ["500ms", 500],
    ["25s", 25_000],
    ["1 m", 60_000],
    ["1.5h", 5_400_000],
    ["2d", 172_800_000],
  ]
  for (const [time, milliseconds] of times) expect(millisecondsOf(time)).toBe(milliseconds)
  for (const [time] of times) if (typeof time === "string") expect(time).toMatch(timePattern)
})

test("other spellings are no sizes and no times", () => {
  for (const text of ["64", "64kb", "64K", "KB", "-1KB", "1e3KB", "1,5MB", "64KB ", "1  KB", "64iB"])
    expect(text).not.toMatch(sizePattern)
  for (const text of ["25", "25S", "m", "-1s", "1m30s", "1.s", ".5s", "1 min"])
    expect(text).not.toMatch(timePattern)
})
