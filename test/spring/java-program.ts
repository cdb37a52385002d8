// A program in Java that uses Spring: compiled from its sources, run, and spoken to in lines..
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

interface JavaOptions {
  /** A folder; what lies below it is compiled. */
  readonly sources: string
  /** The class that is run. */
  readonly main: string
  readonly args?: readonly string[]
}

const java = (): string => process.env["LABA_JAVA"] as string
const jars = (): string => process.env["LABA_SPRING_LIB"] as string

/** A machine may set options for every JVM, which then says so on standard error. */
const environment = { ...process.env, JAVA_TOOL_OPTIONS: undefined }

export class JavaProgram implements AsyncDisposable {
  /** Why it ended, once it has. */
  readonly ended: Promise<string>
  private readonly program: Bun.Subprocess<"pipe", "pipe", "pipe">
  private readonly folder: string

  constructor(program: Bun.Subprocess<"pipe", "pipe", "pipe">, folder: string) {
    this.program = program
    this.folder = folder
    const errors = new Response(program.stderr).text()
    this.ended = program.exited.then(async (code) => `Java ended with ${code}: ${await errors}`)
  }

  write(line: string): void {
    void this.program.stdin.write(`${line}\n`)
    void this.program.stdin.flush()
  }

  /** What it prints. */
  async *lines(): AsyncGenerator<string> {
    let rest = ""
    const decoder = new TextDecoder()
    for await (const bytes of this.program.stdout) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n")
      rest = lines.pop() as string
      yield* lines
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.program.kill()
    await this.program.exited
    await rm(this.folder, { recursive: true, force: true })
  }
}

export async function startJava({ sources, main, args = [] }: JavaOptions): Promise<JavaProgram> {
  const folder = await mkdtemp(join(tmpdir(), "laba-spring-"))
  await compile(sources, folder)
  const classPath = `${folder}:${join(jars(), "*")}`
  // It lives for seconds: what would make it fast later only takes a core from the others now.
  const flags = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-cp", classPath]
  const streams = { stdin: "pipe", stdout: "pipe", stderr: "pipe" } as const
  const program = Bun.spawn([java(), ...flags, main, ...args], { ...streams, env: environment })
  return new JavaProgram(program, folder)
}

async function compile(from: string, to: string): Promise<void> {
  const files = (await readdir(from, { recursive: true })).filter((file) => file.endsWith(".java"))
  const classPath = (await readdir(jars())).map((jar) => join(jars(), jar)).join(":")
  const compiler = ["-m", "jdk.compiler/com.sun.tools.javac.Main"]
  // Spring finds the parameters of a method by their names.
  const flags = ["-parameters", "-proc:none", "-encoding", "UTF-8", "-cp", classPath, "-d", to]
  const command = [java(), ...compiler, ...flags, ...files.map((file) => join(from, file))]
  const { exitCode, stderr } = Bun.spawnSync(command, { env: environment, stderr: "pipe" })
  if (exitCode !== 0) throw new Error(`it does not compile:\n${stderr.toString()}`)
}
