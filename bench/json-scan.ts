// What does it cost to pass over JSON once, as each frame and body is, beside parsing it?
// Microseconds a text. No server: what is compared is the reading alone.
import { decodeFrame } from "../src/protocols/laba/commands.ts"
import { readJsonPayload } from "../src/protocols/json-payload.ts"
import { checkJson } from "../wire/json-scan.ts"
import { jsonDepthMax } from "../wire/limits.ts"
import { readFlags } from "./measure/flags.ts"
import { machine, printLine, printTable } from "./measure/report.ts"

const flags = readFlags({ rounds: 7 })

const order =
  '{"order":9007199254740993,"price":10.00,"status":"cooking","items":[1,2,3],"note":"no onions, please"}'
const records = Array.from({ length: 600 }, (_, id) => ({
  id,
  name: `name ${id}`,
  tags: ["a", "b"],
  price: id * 1.5,
}))

const texts: Readonly<Record<string, string>> = {
  "order, 102 bytes": order,
  "records, 38 KB": JSON.stringify(records),
  "one string, 64 KB": JSON.stringify("x".repeat(64_000)),
  "one script, 40,000 characters": JSON.stringify("喇叭".repeat(20_000)),
  "zeros, 64 KB": `[${"0,".repeat(32_000)}0]`,
}

const frame = `{"op":"publish","ref":12,"channel":"/orders/42","data":${order}}`

/** What reading a publish took before: the whole is parsed, the payload printed. */
function parseAndPrint(text: string): unknown {
  const data = JSON.stringify((JSON.parse(text) as { data: unknown }).data)
  return [data, new TextEncoder().encode(data).length]
}

function scanAndTake(text: string): unknown {
  const command = decodeFrame(text)
  return command.op === "publish" && readJsonPayload(command, "bad_frame")
}

/** Microseconds of the fastest round of each, turn by turn, so that both see the same machine. */
function pair(
  text: string,
  works: { parse(text: string): unknown; scan(text: string): unknown },
): { parse: number; scan: number } {
  // Not one string again and again: an engine may remember what it made of it.
  const copies = Array.from({ length: 16 }, () => Buffer.from(text).toString())
  const repeats = Math.max(1, Math.round(2e6 / text.length))
  const best = { parse: Number.POSITIVE_INFINITY, scan: Number.POSITIVE_INFINITY }
  for (let round = 0; round < flags.rounds; round++) {
    for (const name of ["parse", "scan"] as const) {
      const work = works[name]
      const begun = performance.now()
      for (let repeat = 0; repeat < repeats; repeat++) for (const copy of copies) work(copy)
      const micros = ((performance.now() - begun) * 1000) / (repeats * copies.length)
      best[name] = Math.min(best[name], micros)
    }
  }
  return { parse: Math.round(best.parse * 100) / 100, scan: Math.round(best.scan * 100) / 100 }
}

const rows: string[][] = []
function note(text: string, micros: ReturnType<typeof pair>): void {
  printLine("json-scan", { text, ...micros })
  rows.push([text, String(micros.parse), String(micros.scan)])
}

printLine("json-scan", { machine: machine(), flags })
for (const [name, text] of Object.entries(texts))
  note(name, pair(text, { parse: JSON.parse, scan: (one) => checkJson(one, jsonDepthMax) }))
note("a publish frame, 158 bytes", pair(frame, { parse: parseAndPrint, scan: scanAndTake }))
printTable("Passing over JSON, µs a text", ["text", "parse", "scan"], rows)
