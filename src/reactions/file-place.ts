// How far a reaction has come (its cursor, as a consumer's committed offset) in a file. Saving costs little: while one save is on its way
// to the disk, only the newest of those that follow is kept.
import { mkdir, readFile } from "node:fs/promises"
import { dirname } from "node:path"
import { writeDurably } from "./durable-file.ts"
import type { KeptPlace } from "./reaction.ts"

interface PlaceRecord {
  readonly server: string
  readonly channel: string
  readonly cursor: string
}

export class FilePlace implements KeptPlace {
  private readonly path: string
  private readonly source: Omit<PlaceRecord, "cursor">
  private last: Promise<void> = Promise.resolve()
  private wanted: string | null = null

  constructor(path: string, whose: Omit<PlaceRecord, "cursor">) {
    this.path = path
    this.source = whose
  }

  /**
   * The cursor that was saved; null when there is none. Makes the folder, so that one that cannot be there is known before the
   * first message. Throws then, and when the file is of another channel or is no such file.
   */
  async read(): Promise<string | null> {
    await mkdir(dirname(this.path), { recursive: true })
    let text: string
    try {
      text = await readFile(this.path, "utf8")
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null
      throw error
    }
    const record = recordIn(text)
    if (!record)
      throw new Error(
        `${this.path} is not what was saved there; move it away, and begin after a cursor that you know`,
      )
    const { server, channel } = this.source
    if (record.server !== server || record.channel !== channel)
      throw new Error(`${this.path} is the place in ${record.channel} at ${record.server}`)
    return record.cursor
  }

  save(cursor: string): Promise<void> {
    const isUnderWay = this.wanted !== null
    this.wanted = cursor
    if (!isUnderWay) {
      this.last = this.last.then(() => {
        const newest = this.wanted as string
        this.wanted = null
        return writeDurably(this.path, `${JSON.stringify({ ...this.source, cursor: newest }, null, 2)}\n`)
      })
    }
    return this.last
  }
}

/** Null for what no save wrote, such as a file that is empty since the power was cut. */
function recordIn(text: string): PlaceRecord | null {
  try {
    const record = JSON.parse(text) as Partial<PlaceRecord> | null
    const texts = [record?.server, record?.channel, record?.cursor]
    return texts.every((value) => typeof value === "string") ? (record as PlaceRecord) : null
  } catch {
    return null
  }
}
