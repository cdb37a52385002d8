import { describe, expect, test } from "bun:test"
import { generateKeyPairSync } from "node:crypto"
import { parseChannel } from "../../channels/name.ts"
import { type ConfigInput, ConfigError, parseConfig } from "../config.ts"

const linesOf = (value: ConfigInput): string[] => {
  try {
    parseConfig(value)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n")
    throw error
  }
  return []
}

const secret = "a secret of at least 32 bytes, as RFC 7518 wants"
const sha256 = "a".repeat(64)

const whoIn = (config: ConfigInput, channel: string) =>
  parseConfig(config).rules.for(parseChannel(channel, "body")).permissions

describe("keys", () => {
  test("need a plain name, a digest and readable patterns", () => {
    expect(linesOf({ keys: [{ name: "My_Shop", sha256: "laba_shop_abc", publish: ["orders"] }] })).toEqual([
      'keys.0.name: must be 1 to 40 lower-case letters, digits and dashes between them, not "My_Shop"',
      "keys.0.sha256: must be 64 hexadecimal digits; `laba key new` prints them. The key itself does not belong here",
      "keys.0.publish.0: not a pattern of channels: it starts with `/`.",
    ])
  })

  test("are not made of nothing, as a script makes them whose variable is not set", () => {
    const nothing = new Bun.CryptoHasher("sha256").update("").digest("hex")
    expect(linesOf({ keys: [{ name: "shop", sha256: nothing }] })).toEqual([
      "keys.0.sha256: is the digest of an empty text: the key was not set where it was made",
    ])
  })

  test("may share a name, but not a digest", () => {
    const other = "b".repeat(64)
    expect(
      linesOf({
        keys: [
          { name: "shop", sha256 },
          { name: "shop", sha256: other },
        ],
      }),
    ).toEqual([])
    expect(
      linesOf({
        keys: [
          { name: "shop", sha256 },
          { name: "bar", sha256: sha256.toUpperCase() },
        ],
      }),
    ).toEqual(["keys.1.sha256: is there twice"])
  })
})

describe("tokens", () => {
  test("need a key, a long secret and safe addresses, and no secret is repeated", () => {
    expect(linesOf({ tokens: {} })).toEqual([
      "tokens: needs one of `secret`, `publicKeys` and `jwks`, or no token can be checked",
    ])
    const short = "hunter2"
    expect(linesOf({ tokens: { secret: short } })).toEqual(["tokens.secret: must have at least 32 bytes"])
    expect(linesOf({ tokens: { secret: 123_456_789 as unknown as string } }).join()).not.toContain(
      "123456789",
    )
    for (const jwks of [
      "http://id.example/keys",
      "file:///etc/passwd",
      "keys",
      "https://user:pass@id.example/",
    ]) {
      expect([jwks, linesOf({ tokens: { jwks } }).length]).toEqual([jwks, 1])
    }
    for (const jwks of ["https://id.example/keys", "http://127.0.0.1:9/keys"]) {
      expect(linesOf({ tokens: { jwks } })).toEqual([])
    }
  })

  test("take public keys that are public and strong enough, and no others", () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" })
    const good = pair.publicKey.export({ type: "spki", format: "pem" })
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({
      type: "spki",
      format: "pem",
    })
    const whole = pair.privateKey.export({ type: "pkcs8", format: "pem" })
    expect(linesOf({ tokens: { publicKeys: [good] } })).toEqual([])
    const lines = linesOf({ tokens: { publicKeys: [weak, whole, "-----BEGIN PUBLIC KEY-----"] } })
    expect(lines.map((line) => line.slice(0, 23))).toEqual(
      [0, 1, 2].map((index) => `tokens.publicKeys.${index}: mu`),
    )
    expect(lines.join()).not.toContain("BEGIN")
  })

  test("of several issuers need one name each", () => {
    const userPrefix = ""
    expect(
      linesOf({ tokens: { secret, userPrefix, otherIssuers: [{ secret, userPrefix, issuer: "b" }] } }),
    ).toEqual(["tokens: needs an `issuer`, since there are several"])
    expect(
      linesOf({ tokens: { secret, issuer: "a", userPrefix, otherIssuers: [{ secret, issuer: "b" }] } }),
    ).toEqual([expect.stringMatching(/^tokens.otherIssuers.0: needs a `userPrefix`/)])
    expect(
      linesOf({
        tokens: { secret, userPrefix, issuer: "a", otherIssuers: [{ secret, userPrefix, issuer: "a" }] },
      }),
    ).toEqual(["tokens.otherIssuers.0.issuer: is there twice"])
  })
})

describe("who may", () => {
  const credentials = { tokens: { secret } } as const

  test("is everybody without keys and tokens, and those with a credential else", () => {
    expect(whoIn({}, "/a")).toEqual({
      listen: "anyone",
      publish: "anyone",
      presence: "anyone",
      history: "anyone",
      manage: "anyone",
    })
    expect(whoIn(credentials, "/a")).toEqual({
      listen: "token",
      publish: "key",
      presence: "key",
      history: "token",
      manage: "key",
    })
  })

  test("cannot be somebody that nobody could be", () => {
    expect(linesOf({ channels: { "/a": { listen: "token", publish: "nobody" } } })).toEqual([
      'channels."/a".listen: is "token", but there are no `keys` and no `tokens` by which anybody could be that',
    ])
  })

  test("is what the next wider rule says where a rule is silent", () => {
    const channels = {
      "/**": { publish: "nobody" },
      "/a/**": { listen: "key" },
      "/a/b/*": { history: "none" },
      "/a/*/c": { readHistory: "nobody" },
    } as const
    const config = { ...credentials, channels }
    expect(whoIn(config, "/a/b/x")).toMatchObject({ listen: "key", history: "key", publish: "nobody" })
    expect(whoIn(config, "/a/x/c")).toMatchObject({ listen: "key", history: "nobody" })
    expect(whoIn(config, "/z")).toMatchObject({ listen: "token", publish: "nobody" })
  })

  test("in users' own channels is not what a rule for all channels says", () => {
    const channels = {
      "/**": { listen: "anyone" },
      "/@*/**": { publish: "owner" },
      "/@1/open": { listen: "anyone" },
    } as const
    const config = { ...credentials, channels }
    expect(whoIn(config, "/@1/x")).toMatchObject({ listen: "owner", publish: "owner", history: "owner" })
    expect(whoIn(config, "/@1/open")).toMatchObject({ listen: "anyone", publish: "owner", history: "anyone" })
  })
})

test("origins are as browsers write them, and proxies are networks", () => {
  const lines = linesOf({
    origins: ["https://shop.example", "*", "shop.example", "https://shop.example/", "https://*.shop.example"],
    proxies: ["10.0.0.0/8", "fd00::/8", "127.0.0.1", "proxy", "10.0.0.0/33"],
  })
  expect(lines).toEqual([
    'origins.2: must be as a browser writes it, such as https://shop.example, or "*"',
    'origins.3: must be as a browser writes it, such as https://shop.example, or "*"',
    'origins.4: must be as a browser writes it, such as https://shop.example, or "*"',
    "proxies.3: is no address and no network such as 10.0.0.0/8",
    "proxies.4: has a number of bits that is not 0 to 32",
  ])
  expect(linesOf({ tokens: { secret, cookie: "session" }, origins: ["*"] })).toEqual([
    'origins: "*" and a cookie do not go together: any page could act as whoever looks at it',
  ])
})
