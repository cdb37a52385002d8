// Credentials that are broken, forged or somebody else's, at every door: each is an error also where anybody may come in, and no
// piece of one is written anywhere.
import type { Attack } from "../attack.ts"
import { doors, handMade, inSeconds, secret, shop, tokenFor } from "../../access/guarded.ts"
import { createHmac } from "node:crypto"

const claims = { sub: "1001", iss: "https://shop.example", exp: inSeconds(600), iat: inSeconds(0) }

const signed = (header: object, payload: object, key = secret, hash = "sha256"): string => {
  const input = handMade(header, payload, "").slice(0, -1)
  return `${input}.${createHmac(hash, key).update(input).digest("base64url")}`
}

/** The good ones with a little wrong in each place that can be. */
async function badCredentials(): Promise<string[]> {
  const token = await tokenFor("1001", claims)
  const key = shop.text
  const bad: string[] = []
  for (const good of [token, key]) {
    for (let at = 0; at < 24; at++) {
      const place = Math.floor(((good.length - 2) * at) / 24)
      const other = good[place] === "A" ? "B" : "A"
      bad.push(good.slice(0, place) + other + good.slice(place + 1))
      bad.push(good.slice(0, place) + good.slice(place + 1))
    }
    bad.push(good.slice(0, -4), `${good}A`, `${good}.`, `.${good}`, good.toUpperCase(), good.toLowerCase())
  }
  for (const alg of [
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    "HS1",
    "HS384",
    "HS512",
    "RS256",
    "ES256",
    "EdDSA",
    "hs256",
  ]) {
    bad.push(
      handMade({ alg }, claims, ""),
      handMade({ alg }, claims),
      signed({ alg }, claims, "x".repeat(40)),
    )
  }
  for (const [name, value] of Object.entries({
    exp: inSeconds(-60),
    iat: inSeconds(4000),
    nbf: inSeconds(4000),
    iss: "https://evil.example",
    sub: "",
  }))
    bad.push(signed({ alg: "HS256" }, { ...claims, [name]: value }))
  for (const name of ["exp", "iss"] as const) {
    const { [name]: _, ...rest } = claims
    bad.push(signed({ alg: "HS256" }, rest))
  }
  for (const value of ["9e99", null, {}, [], true, "soon", -1])
    bad.push(signed({ alg: "HS256" }, { ...claims, exp: value }))
  bad.push(
    "a.b.c",
    "a..c",
    "..",
    "eyJ.eyJ.AA",
    "laba_shop_",
    "laba__",
    "null",
    "undefined",
    "0",
    "x".repeat(5000),
  )
  return bad
}

/** A credential as one can recognise it: a token by its claims, anything else by its beginning. */
function shown(credential: string): string {
  const claimsPart = credential.split(".")[1] ?? ""
  return claimsPart.length > 20
    ? Buffer.from(claimsPart, "base64url").toString("latin1").slice(0, 120)
    : credential.slice(0, 30)
}

const tries = 1590

export const badCredentialsAtDoors: Attack = {
  name: "shows 1,590 bad credentials at ten doors",
  async run(server) {
    const bad = await badCredentials()
    const findings: string[] = []
    const codes = new Set(["unauthorized", "token_expired", "bad_request", "keys_unavailable"])
    let tried = 0
    // Doors are tried by turns, so that each meets credentials of all kinds.
    for (let round = 0; tried < tries; round++) {
      await Promise.all(
        doors.map(async (door, at) => {
          if (tried++ >= tries) return
          const credential = bad[(round + at * 7) % bad.length] as string
          const said = await door.try(server.base, "/open/a", credential)
          if (!codes.has(said)) findings.push(`${door.name} said ${said} to ${shown(credential)}`)
        }),
      )
    }
    const { log } = server
    for (const credential of bad)
      if (credential.length > 40 && log.includes(credential.slice(-40)))
        findings.push(`the log has a piece of ${credential.slice(0, 20)}`)
    return findings
  },
}
