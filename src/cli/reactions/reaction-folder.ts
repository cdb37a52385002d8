// Where `laba on` and `laba forward` keep their place and what they set aside: one folder for each reaction, one process
// a folder.
import { Database } from "bun:sqlite"
import { createHash } from "node:crypto"
import { mkdirSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { CommandError } from "../command.ts"

interface ReactionIdentity {
  readonly verb: "on" | "forward"
  readonly server: string
  readonly channel: string
  /** Tells several at one channel apart. */
  readonly name: string
}

/** A folder of its own for every reaction, named so that people recognise it. */
export function defaultFolder({ verb, server, channel, name }: ReactionIdentity): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([server, channel, name]))
    .digest("hex")
    .slice(0, 12)
  const readable = `${channel}-${name}`
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40)
  return join(stateHome(), "laba", `${verb}-${readable}-${digest}`)
}

function stateHome(): string {
  if (process.env.XDG_STATE_HOME) return process.env.XDG_STATE_HOME
  if (process.platform === "win32" && process.env.LOCALAPPDATA) return process.env.LOCALAPPDATA
  return join(homedir(), ".local", "state")
}

/** Takes the folder for this process. The lock is the system's, so it goes with the process, however that ends. */
export function ownFolder(folder: string): Disposable {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new CommandError(`cannot keep a place in ${folder}: ${(cause as Error).message}`, { cause })
  }
  const lock = new Database(join(folder, "lock"), { create: true })
  try {
    lock.run("PRAGMA busy_timeout = 0")
    lock.run("PRAGMA locking_mode = EXCLUSIVE")
    lock.run("BEGIN EXCLUSIVE")
  } catch (cause) {
    lock.close()
    throw new CommandError(
      `${folder} is in use: another process reacts from that place already. A second one has a --name of its own.`,
      { cause },
    )
  }
  return { [Symbol.dispose]: () => lock.close() }
}
