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
  missing: () => (needs.spring.find() === null ? needs.spring.missing : undefined),
  async start() {
    const { java, jars } = found()
    const port = freePort()
    const folder = mkdtempSync(join(tmpdir(), "bench-spring-"))
    await compile(java, { jars, to: folder })
    // Threads of the compiler that end would take the time they have used out of the books.
    const flags = ["-XX:-UseDynamicNumberOfCompilerThreads", "-Dfile.encoding=UTF-8"]
    return await startServer({
      command: [
        java,
        ...flags,
        "-cp",
        `${folder}:${join(jars, "*")}`,
        "laba.bench.SimpleBroker",
        String(port),
      ],
      portIn: () => port,
      ready: () => opensWebSocket(`ws://127.0.0.1:${port}/websocket`),
      gauged: false,
      // Three on a quiet machine.
      startSecondsMax: 45,
      cleanUp: () => rmSync(folder, { recursive: true, force: true }),
    })
  },
}

function found(): { java: string; jars: string } {
  const need = needs.spring.find() as { LABA_JAVA: string; LABA_SPRING_LIB: string }
  return { java: need.LABA_JAVA, jars: need.LABA_SPRING_LIB }
}

async function compile(java: string, { jars, to }: { jars: string; to: string }): Promise<void> {
  const classPath = readdirSync(jars)
    .map((jar) => join(jars, jar))
    .join(":")
  const compiler = ["-m", "jdk.compiler/com.sun.tools.javac.Main"]
  const flags = ["-parameters", "-proc:none", "-encoding", "UTF-8", "-cp", classPath, "-d", to]
  const compiling = Bun.spawn([java, ...compiler, ...flags, source], { stdout: "ignore", stderr: "pipe" })
  const [code, errors] = await Promise.all([compiling.exited, new Response(compiling.stderr).text()])
  if (code !== 0) throw new Error(`${source} does not compile:\n${errors}`)
}
