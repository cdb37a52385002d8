// What passing over JSON once costs beside parsing it, in one run: `npm run bench -- json-scan`. A line of JSON each, microseconds a text.
import { parseArgs } from "node:util"
import { decodeFrame } from "../src/protocols/commands.ts"
import { payloadIn } from "../src/protocols/json-payload.ts"
import { checkJson } from "../wire/json-scan.ts"
import { jsonDepthMax } from "../wire/limits.ts"

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" } } })

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
  return command.op === "publish" && payloadIn(command, "bad_frame")
}

/** Microseconds of the fastest round of each, turn by turn, so that both see the same machine. */
function pair(
  text: string,
  works: Readonly<Record<string, (text: string) => unknown>>,
): Record<string, number> {
  // Not one string again and again: an engine may remember what it made of it.
  const copies = Array.from({ length: 16 }, () => Buffer.from(text).toString())
  const repeats = Math.max(1, Math.round(2e6 / text.length))
  const best: Record<string, number> = {}
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, work] of Object.entries(works)) {
      const begun = performance.now()
      for (let repeat = 0; repeat < repeats; repeat++) for (const copy of copies) work(copy)
      const micros = ((performance.now() - begun) * 1000) / (repeats * copies.length)
      best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, micros)
    }
  }
  return Object.fromEntries(
    Object.entries(best).map(([name, micros]) => [name, Math.round(micros * 100) / 100]),
  )
}

for (const [name, text] of Object.entries(texts))
  console.log(
    JSON.stringify({
      bench: "json-scan",
      text: name,
      ...pair(text, { parse: JSON.parse, scan: (one) => checkJson(one, jsonDepthMax) }),
    }),
  )
console.log(
  JSON.stringify({
    bench: "json-scan",
    text: "a publish frame, 158 bytes",
    ...pair(frame, { parse: parseAndPrint, scan: scanAndTake }),
  }),
)
