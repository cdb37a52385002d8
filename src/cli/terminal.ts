// All that a command prints. What came from elsewhere (a server's refusal, a backend's words, a message) must not move the cursor of
// the terminal it is read at, nor pass for a line that it is not.
import { exit } from "./command.ts"
import { printableJson, printableLines } from "../telemetry/printable.ts"

/** Says something about the run, on standard error. */
export function say(text: string): void {
  console.error(printableLines(text))
}

/** Prints a result for people, on standard output. */
export function print(text: string): void {
  process.stdout.write(`${printableLines(text)}\n`)
}

/** Prints a result for programs: a line of JSON. */
export function printJson(value: unknown): void {
  printJsonText(JSON.stringify(value))
}

/** The same for what is JSON text already. */
export function printJsonText(text: string): void {
  process.stdout.write(`${printableJson(text)}\n`)
}

/** Writes a payload and a line end: byte for byte for a program or a file, harmless for a terminal. */
export function printPayload(data: string | Uint8Array): void {
  process.stdout.write(shownAt(process.stdout, data))
  process.stdout.write("\n")
}

/** Passes on what another program prints, as it comes. */
export const passOnOutput = (text: string): void => void process.stdout.write(shownAt(process.stdout, text))
export const passOnError = (text: string): void => void process.stderr.write(shownAt(process.stderr, text))

/** Ends the process when nothing that it prints is read any more: what it does is for whoever reads it. */
export function endUnread(): void {
  process.stdout.on("error", end)
}

/** For what serves others: that nobody reads where it listens, or that the disk under its output is full, ends nobody. */
export function goOnUnread(): void {
  process.stdout.off("error", end)
  process.stdout.on("error", ({ message }) => say(`laba: standard output takes nothing: ${message}`))
}

function end({ code, message }: NodeJS.ErrnoException): never {
  // A reader like `head` that has seen enough closes the pipe: that is no failure of ours.
  if (code === "EPIPE") process.exit(exit.ok)
  say(`laba: cannot write to standard output: ${message}`)
  process.exit(exit.failed)
}

const decoder = new TextDecoder()

/** What stands for a payload where it is shown. */
export function shownAt(place: { readonly isTTY?: boolean }, data: string | Uint8Array): string | Uint8Array {
  if (place.isTTY !== true) return data
  return printableLines(typeof data === "string" ? data : decoder.decode(data))
}
