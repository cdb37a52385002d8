// What `npm start` runs: Laba, and the demos beside it. Each is a process of its own; a demo that cannot start, or ends,
// takes nobody with it. Flags are handed to `laba serve`.
import { fileURLToPath } from "node:url"
import { freePort } from "./kit/command/ports-and-signals.ts"

/** Each demo with the port it would like. */
const demos = { "flash-sale": 8090, takeaway: 8091, alerts: 8093 } as const

const beside = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Prints a demo's lines as they come, each with its name before it. */
async function print(name: string, lines: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const bytes of lines) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n")
    rest = parts.pop() as string
    for (const line of parts) console.log(`[${name}] ${line}`)
  }
  if (rest) console.log(`[${name}] ${rest}`)
}

const running = new Set<Bun.Subprocess>()
let stopping = false

async function startDemo(name: string, port: number): Promise<void> {
  // Without a terminal of its own it gets each signal once, from us.
  const demo = Bun.spawn(
    [process.execPath, "--no-orphans", beside(`./${name}/main.ts`), "--port", String(port)],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  )
  running.add(demo)
  const printed = Promise.all([print(name, demo.stdout), print(name, demo.stderr)])
  const code = await demo.exited
  await printed
  running.delete(demo)
  if (!stopping) console.log(`[${name}] has ended (${demo.signalCode ?? code}); the others go on`)
}

const places = Object.entries(demos).map(([name, wish]) => ({ name, port: freePort("127.0.0.1", wish) }))
const laba = Bun.spawn(
  [process.execPath, "--no-orphans", beside("../src/cli/main.ts"), "serve", ...process.argv.slice(2)],
  {
    env: {
      ...process.env,
      LABA_DEMOS: places.map(({ name, port }) => `${name}=http://127.0.0.1:${port}`).join(" "),
    },
    stdio: ["inherit", "inherit", "inherit"],
  },
)
running.add(laba)

// For Laba this is "read your configuration again", or the end of its terminal: it knows which.
process.on("SIGHUP", () => laba.kill("SIGHUP"))

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopping = true
    for (const child of running) child.kill(signal)
  })
}

const ended = places.map(({ name, port }) => startDemo(name, port))
const code = await laba.exited
running.delete(laba)
// Without Laba the rest is not what was asked for.
stopping = true
for (const child of running) child.kill("SIGTERM")
await Promise.all(ended)
process.exit(laba.signalCode === null ? code : 1)
