// Laba as its users get it: packed, and installed from the tarball into a project of its own by a given npm.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const repository = join(import.meta.dir, "../..")

interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly cwd: string
  /** Looked through for programs before PATH. */
  readonly programs?: string | undefined
}

/** Runs a command to its end. */
export async function run(command: string[], { cwd, programs }: RunOptions): Promise<Outcome> {
  // What the npm that runs the tests tells its children would mislead the npm that is run here.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(cache|registry|cafile)$)/.test(name),
  )
  const env = Object.fromEntries(inherited)
  if (programs !== undefined) env["PATH"] = `${programs}:${env["PATH"]}`
  const child = Bun.spawn(command, { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" })
  const output = [child.exited, new Response(child.stdout).text(), new Response(child.stderr).text()] as const
  const [exitCode, stdout, stderr] = await Promise.all(output)
  return { exitCode, stdout, stderr }
}

/** Runs a command that must succeed. */
export async function runWell(command: string[], options: RunOptions): Promise<Outcome> {
  const outcome = await run(command, options)
  if (outcome.exitCode === 0) return outcome
  throw new Error(`${command.join(" ")} ended with ${outcome.exitCode}:\n${outcome.stdout}${outcome.stderr}`)
}

/** An empty project in a folder that is gone when its block ends. */
export class Project implements AsyncDisposable {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async start(): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), "laba-packed-"))
    await writeFile(
      join(folder, "package.json"),
      JSON.stringify({ name: "project", private: true, type: "module" }),
    )
    return new Project(folder)
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Makes the tarball that would be published; answers its path. */
export async function pack(folder: string): Promise<string> {
  const { stdout } = await runWell(["npm", "pack", "--silent", "--pack-destination", folder], {
    cwd: repository,
  })
  // What the build of the client prints comes first.
  return join(folder, stdout.trim().split("\n").at(-1) as string)
}
