// Spring's simple broker in a small Spring Boot application. Runs only where Java and Spring's jars are, which Maven fetches.
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { needs } from "../../test/needs.mjs"
import { freePort } from "./free-port.ts"
import type { Peer } from "./peer.ts"
import { opensWebSocket, startServer } from "./start.ts"

const source = join(import.meta.dir, "spring", "SimpleBroker.java")

export const spring: Peer = {
  name: "spring",
  ways: ["spring-stomp"],
  // Each publisher's thread goes through the subscriptions by itself.
  hasOneOrder: false,
  compileSeconds: 4,
  missing: () => (found() === null ? needs.spring.missing : undefined),
  async start() {
    const { LABA_JAVA: java, LABA_SPRING_LIB: jars } = found() as Need
    const port = freePort()
    compiled ??= compile(java, jars)
    const classes = await compiled
    // Threads of the compiler that end would take the time they have used out of the books.
    const flags = ["-XX:-UseDynamicNumberOfCompilerThreads", "-Dfile.encoding=UTF-8"]
    return await startServer({
      command: [
        java,
        ...flags,
        "-cp",
        `${classes}:${join(jars, "*")}`,
        "laba.bench.SimpleBroker",
        String(port),
      ],
      portIn: () => port,
      ready: () => opensWebSocket(`ws://127.0.0.1:${port}/websocket`),
      gauged: false,
      // Three on a quiet machine.
      startSecondsMax: 45,
    })
  },
}

interface Need {
  readonly LABA_JAVA: string
  readonly LABA_SPRING_LIB: string
}

/** Looked for once: it asks a JVM. */
let need: Need | null | undefined

function found(): Need | null {
  if (need === undefined) need = needs.spring.find() as Need | null
  return need
}

/** Once for all rounds. */
let compiled: Promise<string> | undefined

/** Answers the folder of its classes, which goes with this process. */
async function compile(java: string, jars: string): Promise<string> {
  const to = mkdtempSync(join(tmpdir(), "bench-spring-"))
  process.on("exit", () => rmSync(to, { recursive: true, force: true }))
  const classPath = readdirSync(jars)
    .map((jar) => join(jars, jar))
    .join(":")
  const compiler = ["-m", "jdk.compiler/com.sun.tools.javac.Main"]
  const flags = ["-parameters", "-proc:none", "-encoding", "UTF-8", "-cp", classPath, "-d", to]
  const compiling = Bun.spawn([java, ...compiler, ...flags, source], { stdout: "ignore", stderr: "pipe" })
  const [code, errors] = await Promise.all([compiling.exited, new Response(compiling.stderr).text()])
  if (code !== 0) throw new Error(`${source} does not compile:\n${errors}`)
  return to
}
