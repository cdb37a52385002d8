// What `npm start` runs: Laba, and the demos beside it. Each is a process of its own; a demo that cannot start, or ends,
// takes nobody with it. Flags are handed to `laba serve`.
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"

/** Each demo with the port it would like. */
const demos = { "flash-sale": 8090, takeaway: 8091, alerts: 8093 } as const

const beside = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The port, or 0 where somebody has it already. */
function portOr0(port: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once("error", () => resolve(0))
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(port)))
  })
}

/** A free port: the one that is wished for, where nobody has it. */
async function freePort(wish: number): Promise<number> {
  if (await portOr0(wish)) return wish
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

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

const places = await Promise.all(
  Object.entries(demos).map(async ([name, wish]) => ({ name, port: await freePort(wish) })),
)
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
