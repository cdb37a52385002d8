import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Message } from "../../client/channels/message.ts"
import { FileAside } from "./file-aside.ts"
import { FilePlace } from "./file-place.ts"

let folder: string
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "laba-react-"))))
afterAll(() => rm(folder, { recursive: true }))

const whose = { server: "http://a", channel: "/c" }

describe("a place", () => {
  test("is none at first, then the last that was saved", async () => {
    const path = join(folder, "place.json")
    const place = new FilePlace(path, whose)
    expect(await place.read()).toBeNull()
    await place.save("e-1")
    await Promise.all(["e-2", "e-3", "e-4"].map((cursor) => place.save(cursor)))
    expect(await new FilePlace(path, whose).read()).toBe("e-4")
    expect((await readdir(folder)).filter((name) => name.includes("new"))).toEqual([])
  })

  test("is not another's, and not what is no place", async () => {
    const path = join(folder, "other.json")
    await new FilePlace(path, whose).save("e-1")
    expect(new FilePlace(path, { ...whose, channel: "/d" }).read()).rejects.toThrow(
      "is the place in /c at http://a",
    )
    for (const text of ["", "{}", "null", "garbage", '{"cursor":"e-1"}']) {
      await writeFile(path, text)
      await expect(new FilePlace(path, whose).read()).rejects.toThrow(
        `${path} is not what was saved there; move it away, and begin after a cursor that you know`,
      )
    }
  })
})

describe("what was set aside", () => {
  const message = (number: number, more: Partial<Message> = {}): Message => ({
    channel: "/c",
    cursor: `e-${number}`,
    id: `m${number}`,
    time: 0,
    type: "text/plain",
    data: "x",
    text: "x",
    ...more,
  })

  test("comes back as it was, oldest first, bytes and JSON that looks like them too", async () => {
    const aside = new FileAside(join(folder, "aside"))
    expect(await aside.list()).toEqual([])
    const entries = [
      { message: message(1), reason: "no", attempts: 6, time: 2 },
      {
        message: message(2, { type: "image/png", data: new Uint8Array([0, 255]), text: null }),
        reason: "no",
        attempts: 1,
        time: 10,
      },
      {
        message: message(3, {
          type: "application/json",
          data: { base64: "AP8=" },
          text: '{"base64": "AP8="}',
        }),
        reason: "no",
        attempts: 1,
        time: 1,
      },
    ]
    for (const entry of entries) await aside.put(entry)
    const found = await new FileAside(join(folder, "aside")).list()
    expect(found.map(({ entry }) => entry)).toEqual([entries[2], entries[0], entries[1]] as never)
    await aside.remove(found[0] as (typeof found)[0])
    expect((await aside.list()).map(({ entry }) => entry.message.id)).toEqual(["m1", "m2"])
  })
})
