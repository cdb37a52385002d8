// The messages that a reaction has set aside (its dead letters), a file each in one folder: whoever looks can read them, and one can be tried again while others are
// being set aside.
import { mkdir, readdir, readFile, unlink } from "node:fs/promises"
import { join } from "node:path"
import type { Message } from "../../client/channels/message.ts"
import { syncFolder, writeDurably } from "./durable-file.ts"
import type { Aside, SetAside } from "./reaction.ts"

/** More than this is not bad luck any more: what reacts is broken, and has to be mended before it goes on. */
const entriesMax = 10_000

/** Bytes in a file, where the message has any. */
interface Bytes {
  readonly base64: string
}

export interface Found {
  readonly path: string
  readonly entry: SetAside
}

export class FileAside implements Aside {
  private readonly folder: string
  private count: number | null = null

  constructor(folder: string) {
    this.folder = folder
  }

  async put(entry: SetAside): Promise<void> {
    await mkdir(this.folder, { recursive: true })
    this.count ??= (await this.names()).length
    if (this.count >= entriesMax) {
      // Others may have taken some away meanwhile.
      this.count = (await this.names()).length
      if (this.count >= entriesMax)
        throw new Error(`${entriesMax} messages are set aside in ${this.folder} already`)
    }
    const { message, ...facts } = entry
    const data = message.data instanceof Uint8Array ? printed(message.data) : message.data
    // By time, then by cursor: the order of names is the order in which they were set aside.
    const name = `${String(entry.time).padStart(15, "0")}-${message.cursor}.json`
    await writeDurably(
      join(this.folder, name),
      `${JSON.stringify({ ...facts, message: { ...message, data } }, null, 2)}\n`,
    )
    this.count++
  }

  /** All that is there, the oldest first. */
  async list(): Promise<Found[]> {
    const found: Found[] = []
    for (const name of await this.names()) {
      const path = join(this.folder, name)
      const entry = JSON.parse(await readFile(path, "utf8")) as SetAside
      found.push({ path, entry: { ...entry, message: withBytes(entry.message) } })
    }
    return found
  }

  /** It has been taken care of. */
  async remove({ path }: Found): Promise<void> {
    await unlink(path)
    await syncFolder(this.folder)
    if (this.count !== null) this.count--
  }

  private async names(): Promise<string[]> {
    try {
      return (await readdir(this.folder)).filter((name) => /^\d.*\.json$/.test(name)).sort()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
      throw error
    }
  }
}

const printed = (data: Uint8Array): Bytes => ({ base64: Buffer.from(data).toString("base64") })

/** Only for types that are neither text nor JSON: in JSON `{"base64": …}` may be what was published. */
function withBytes(message: Message): Message {
  const { data, type } = message
  const isBytes =
    typeof data === "object" && data !== null && "base64" in data && !/^text\/|json|xml/.test(type)
  return isBytes
    ? { ...message, data: new Uint8Array(Buffer.from((data as Bytes).base64, "base64")) }
    : message
}
