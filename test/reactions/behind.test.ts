// A reaction that has fallen behind further than the channel's history reaches: what is gone is gone and said, what is kept
// is done.
import { expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"
import { SignJWT } from "jose"
import { FileAside } from "../../src/reactions/file-aside.ts"
import { FilePlace } from "../../src/reactions/file-place.ts"
import { react } from "../../src/reactions/react.ts"
import type { ServeOptions } from "../../src/server/index.ts"
import { emptyFolder } from "../cli/laba.ts"
import { numbers } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"

/** A guard against hanging. */
setDefaultTimeout(60_000)

/** Messages that a channel keeps. */
const keptMax = 150

const secret = "a secret of at least 32 bytes, as RFC 7518 wants"

const tokenOf = (user: string): Promise<string> =>
  new SignJWT({ sub: user, iss: "shop", aud: "laba" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(secret))

async function stage(options: ServeOptions = {}) {
  const folder = await emptyFolder()
  const server = await startServer({
    channels: { "/**": { history: { count: keptMax, bytes: "1MB", time: "1h" } } },
    ...options,
  })
  const channel = freshChannel("behind")
  const done: string[] = []
  const resets: string[] = []
  return {
    server,
    channel,
    done,
    resets,
    async publish(texts: readonly string[]): Promise<void> {
      for (const text of texts) await server.laba.publish(channel, text)
    },
    async react(token?: string) {
      const reacting = await react({
        url: server.base,
        channel,
        ...(token !== undefined && { token: () => token }),
        place: new FilePlace(join(folder.path, "place.json"), { server: "s", channel }),
        aside: new FileAside(join(folder.path, "aside")),
        reaction: async ({ data }) => void done.push(String(data)),
        onReset: (detail) => resets.push(detail),
      })
      await reacting.ready
      return {
        async [Symbol.asyncDispose]() {
          await reacting.stop(1000)
          reacting.close()
        },
      }
    },
    /** Waits until this was done, last. The test has the deadline. */
    async until(text: string): Promise<void> {
      while (done.at(-1) !== text) await Bun.sleep(5)
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test("what is still kept is done, in order and once, and then what comes", async () => {
  await using at = await stage()
  {
    await using _ = await at.react()
    await at.publish(["first"])
    await at.until("first")
  }
  const missed = numbers(200)
  await at.publish(missed)
  await using _ = await at.react()
  await at.until("200")
  await at.publish(["later"])
  await at.until("later")
  expect(at.done).toEqual(["first", ...missed.slice(-keptMax), "later"])
  expect(at.resets).toHaveLength(1)
})

test("the history is read by the reaction's own token", async () => {
  await using at = await stage({
    tokens: { secret, issuer: "shop", audience: "laba" },
    channels: { "/**": { history: { count: keptMax, bytes: "1MB", time: "1h" }, listen: "token" } },
  })
  const token = await tokenOf("ann")
  {
    await using _ = await at.react(token)
    await at.publish(["first"])
    await at.until("first")
  }
  await at.publish(numbers(200))
  await using _ = await at.react(token)
  await at.until("200")
  expect(at.done).toEqual(["first", ...numbers(200).slice(-keptMax)])
})

test("after a new beginning of the numbering nothing is done twice", async () => {
  await using at = await stage()
  {
    await using _ = await at.react()
    await at.publish(numbers(3))
    await at.until("3")
  }
  await fetch(at.server.base + at.channel, { method: "DELETE" })
  await at.publish(["after the deletion"])
  await using _ = await at.react()
  while (at.resets.length === 0) await Bun.sleep(5)
  await at.publish(["later"])
  await at.until("later")
  expect(at.done).toEqual(["1", "2", "3", "later"])
})
