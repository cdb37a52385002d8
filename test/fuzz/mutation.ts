// Changes one input into another that is nearly as good: a byte, a word, a line, a number, a piece of a neighbour. Text
// is handled as latin1, a character a byte, so that nothing is repaired on the way.
import type { Random } from "./random.ts"

/** Above it an input only costs time: the server's own bounds are a third of it. */
const inputBytesMax = 192 * 1024

interface Stock {
  /** Inputs to splice with. */
  readonly corpus: readonly Uint8Array[]
  /** Words that mean something to what is under test. */
  readonly words: readonly string[]
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"))

/** One to six changes. */
export function mutate(random: Random, input: Uint8Array, stock: Stock): Uint8Array {
  let text = latin1(input)
  const changes = 1 + random.below(random.oneIn(4) ? 6 : 2)
  for (let count = 0; count < changes; count++) text = random.pick(mutations)(random, text, stock)
  return bytesOf(text.slice(0, inputBytesMax))
}

type Mutation = (random: Random, text: string, stock: Stock) => string

const spliceAt = (text: string, at: number, removed: number, added: string): string =>
  text.slice(0, at) + added + text.slice(at + removed)

/** Where a token begins and how long it is: a word, a number, a line's end or a single sign. */
function tokenIn(random: Random, text: string): { at: number; length: number } {
  const near = random.below(text.length + 1)
  const found = /\w+|\r\n|[^]/.exec(text.slice(near, near + 200))
  return found ? { at: near + found.index, length: found[0].length } : { at: near, length: 0 }
}

const flipBit: Mutation = (random, text) => {
  if (text === "") return text
  const at = random.below(text.length)
  return spliceAt(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8))))
}

const oddBytes = [
  "\0",
  "\r",
  "\n",
  "\r\n",
  " ",
  "\t",
  "%",
  "\x7f",
  "\x80",
  "\xff",
  "\xc0\xaf",
  "\xed\xa0\x80",
  "\\",
  '"',
  "'",
]

const insertOdd: Mutation = (random, text) =>
  spliceAt(text, random.below(text.length + 1), random.below(2), random.pick(oddBytes))

const removeRun: Mutation = (random, text) =>
  spliceAt(text, random.below(text.length + 1), 1 + random.below(random.oneIn(4) ? 64 : 4), "")

const replaceToken: Mutation = (random, text, { words }) => {
  const { at, length } = tokenIn(random, text)
  return spliceAt(text, at, length, random.pick(words))
}

const insertWord: Mutation = (random, text, { words }) =>
  spliceAt(text, random.below(text.length + 1), 0, random.pick(words))

const swapTokens: Mutation = (random, text) => {
  const one = tokenIn(random, text)
  const other = tokenIn(random, text)
  if (one.at + one.length > other.at) return text
  const [first, second] = [one, other].map(({ at, length }) => text.slice(at, at + length)) as [
    string,
    string,
  ]
  return spliceAt(spliceAt(text, other.at, other.length, first), one.at, one.length, second)
}

const wholeNumbers = [
  "0",
  "-1",
  "1",
  "127",
  "128",
  "255",
  "256",
  "65535",
  "65536",
  "4294967296",
  "9007199254740993",
  "1e999",
  "00",
  "0x10",
  "٣",
]

const changeNumber: Mutation = (random, text) => {
  const numbers = [...text.slice(0, 20_000).matchAll(/\d+/g)]
  if (numbers.length === 0) return text
  const { 0: digits, index } = random.pick(numbers)
  const near = String(BigInt(digits) + BigInt(random.below(5) - 2))
  return spliceAt(text, index, digits.length, random.oneIn(2) ? near : random.pick(wholeNumbers))
}

const changeLines: Mutation = (random, text) => {
  const lines = text.split("\n")
  const at = random.below(lines.length)
  const [line] = lines.splice(at, 1) as [string]
  if (random.oneIn(3)) return lines.join("\n")
  lines.splice(random.below(lines.length + 1), 0, line)
  if (random.oneIn(2)) lines.splice(at, 0, line)
  return lines.join("\n")
}

/** Says a piece over and over: bounds, nesting, and work that grows faster than its input. */
const repeat: Mutation = (random, text) => {
  const at = random.below(text.length + 1)
  const piece = text.slice(at, at + 1 + random.below(random.oneIn(3) ? 40 : 4))
  const times = 2 ** random.below(random.oneIn(8) ? 15 : 7)
  return spliceAt(text, at, 0, piece.repeat(Math.min(times, Math.ceil(inputBytesMax / (piece.length || 1)))))
}

const splice: Mutation = (random, text, { corpus }) => {
  const other = latin1(random.pick(corpus))
  return text.slice(0, random.below(text.length + 1)) + other.slice(random.below(other.length + 1))
}

const truncate: Mutation = (random, text) => text.slice(0, random.below(text.length + 1))

const changeCase: Mutation = (random, text) => {
  const { at, length } = tokenIn(random, text)
  const token = text.slice(at, at + length)
  return spliceAt(text, at, length, token === token.toUpperCase() ? token.toLowerCase() : token.toUpperCase())
}

const escapeOne: Mutation = (random, text) => {
  if (text === "") return text
  const at = random.below(text.length)
  const hex = text.charCodeAt(at).toString(16).padStart(2, "0")
  return spliceAt(text, at, 1, random.oneIn(2) ? `%${hex}` : `\\u00${hex}`)
}

const mutations: readonly Mutation[] = [
  flipBit,
  insertOdd,
  insertOdd,
  removeRun,
  replaceToken,
  replaceToken,
  insertWord,
  swapTokens,
  changeNumber,
  changeLines,
  repeat,
  splice,
  truncate,
  changeCase,
  escapeOne,
]
