// Runs a command for an event: the payload on its standard input, the facts in its environment. Nothing of a message is
// ever part of a command line, so nothing in a message can become a command.
import { spawn } from "node:child_process"
import type { Socket } from "node:net"

interface ShellCommand {
  /** A line for the shell as its operator wrote it, or a program and its arguments, run without a shell. */
  readonly command: string | readonly string[]
  readonly input: string | Uint8Array
  /** Added to the environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** Takes what it prints on standard error, as it comes. Default: this process's own. */
  readonly onError?: (text: string) => void
  readonly onOutput?: (text: string) => void
}

/** How much of what a failed command said is kept as the reason, in characters. */
const reasonCharsMax = 500

/** A command that ignores a request to end is ended after so long. */
const patienceMs = 5_000

/** What it said last may still be in the pipe when it has ended. Whoever it left behind may hold the pipe open for ever. */
const lastWordsMs = 200

/** Resolves when it ended with 0, whatever it left running in the background. Rejects with what it said last when it did not, or was stopped by the signal. */
export function runCommand(shellCommand: ShellCommand): Promise<void> {
  const { command, input, environment, signal } = shellCommand
  const { onOutput = (text) => process.stdout.write(text), onError = (text) => process.stderr.write(text) } =
    shellCommand
  const [program, ...words] = typeof command === "string" ? shell(command) : command
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(reasonOf(signal))
    const windows = process.platform === "win32"
    // In a group of its own, so that what the command has started ends with it.
    const child = spawn(program as string, words, {
      env: { ...process.env, ...environment },
      detached: !windows,
    })
    let said = ""
    let killing: ReturnType<typeof setTimeout> | undefined
    const end = (name: NodeJS.Signals): void => {
      if (child.pid === undefined) return
      try {
        if (windows) child.kill(name)
        else process.kill(-child.pid, name)
      } catch {
        // Gone already.
      }
    }
    const stop = (): void => {
      end("SIGTERM")
      killing = setTimeout(() => end("SIGKILL"), patienceMs)
    }
    signal.addEventListener("abort", stop, { once: true })
    const settle = (error: Error | null): void => {
      signal.removeEventListener("abort", stop)
      if (error) reject(error)
      else resolve()
    }
    const over = (code: number | null, name: NodeJS.Signals | null): void => {
      if (signal.aborted) return settle(reasonOf(signal))
      if (code === 0) return settle(null)
      const last = said.trim()
      settle(new Error(`ended with ${name ?? code}${last ? `: ${last}` : ""}`))
    }
    // A command that does not read its input closes it: that is its right.
    child.stdin.on("error", () => {})
    child.stdin.end(input)
    child.stdout.setEncoding("utf8").on("data", onOutput)
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-reasonCharsMax)
      onError(text)
    })
    child.on("error", (error) => settle(new Error(`could not be started: ${error.message}`)))
    child.on("exit", (code, name) => {
      const late = setTimeout(() => {
        // What it left behind is heard as long as this process lives, which need not live for it.
        for (const pipe of [child.stdout, child.stderr] as unknown as Socket[]) pipe.unref()
        over(code, name)
      }, lastWordsMs)
      child.on("close", () => {
        clearTimeout(late)
        // Nobody is left who would have to be ended.
        clearTimeout(killing)
        over(code, name)
      })
    })
  })
}

const shell = (line: string): readonly string[] =>
  process.platform === "win32" ? ["cmd.exe", "/d", "/s", "/c", line] : ["/bin/sh", "-c", line]

const reasonOf = ({ reason }: AbortSignal): Error =>
  reason instanceof Error && reason.name === "TimeoutError"
    ? new Error("took too long and was ended")
    : new Error("was ended with everything else")
