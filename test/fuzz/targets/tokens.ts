// Tokens and where they travel: nothing but a signature by a configured key lets a token in, and no error repeats a piece
// of it.
import { createHmac } from "node:crypto"
import { credentialIn } from "../../../src/access/credentials/credential-in-request.ts"
import { Origins } from "../../../src/access/origins/origins.ts"
import { TokenVerifier } from "../../../src/access/tokens/token-verifier.ts"
import {
  fixedKeys,
  publicKey,
  secretKey,
  type VerificationKey,
} from "../../../src/access/tokens/verification-key.ts"
import { LabaError } from "../../../wire/error.ts"
import { bytesOf } from "../mutation.ts"
import type { Random } from "../random.ts"
import type { ParserTarget } from "../target.ts"
import { hold, isLabaError, latin1, orRefusal } from "./agree.ts"

/** Nobody's: made for these inputs, as the key pair is whose public half stands below. */
const secret = "a secret of the fuzzer, known to all"
const edwards = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", kid: "ed" }
/** Within the life of the tokens in the corpus. */
const now = (): number => Date.UTC(2026, 0, 1)

const verifier = (): TokenVerifier =>
  new TokenVerifier({
    issuers: [
      {
        keys: fixedKeys(
          [secretKey(secret, "hs"), publicKey(edwards)].filter((key): key is VerificationKey => key !== null),
        ),
        issuer: "https://id.example",
        audience: ["laba"],
        userPrefix: "",
      },
    ],
    leewaySeconds: 0,
    lifetimeMaxSeconds: 3600,
    now,
  })

const base64url = (text: string): string => Buffer.from(text, "latin1").toString("base64url")
const unpacked = (part: string): string => Buffer.from(part, "base64url").toString("latin1")
const sign = (signed: string): string => createHmac("sha256", secret).update(signed).digest("base64url")

export const token: ParserTarget = {
  kind: "parser",
  name: "token",
  words: [
    ".",
    "..",
    "alg",
    "none",
    "HS256",
    "HS512",
    "EdDSA",
    "RS256",
    "kid",
    "jku",
    "jwk",
    "x5u",
    "crit",
    "b64",
    "zip",
    "typ",
    "exp",
    "nbf",
    "iat",
    "iss",
    "aud",
    "sub",
    "jti",
    "channels",
    "listen",
    "publish",
    '"',
    ":",
    ",",
    "{",
    "}",
    "[",
    "]",
    "null",
    "1e999",
    "-1",
    "99999999999",
    "/@me/**",
    "/**",
    "me",
    "https://id.example",
    "laba",
    "\\u0000",
  ],
  /** Changes what the parts say, and signs some of it again: else nothing behind the signature would ever be reached. */
  reshape(random: Random, input, plain) {
    const parts = latin1(input).split(".")
    if (parts.length !== 3 || random.oneIn(4)) return plain()
    const changed = latin1(plain())
    const at = random.below(2)
    // What `plain` made is of the whole token, so the part is changed by words of its own.
    parts[at] = base64url(reword(random, unpacked(parts[at] as string), changed))
    if (random.oneIn(2)) parts[2] = sign(`${parts[0]}.${parts[1]}`)
    return bytesOf(parts.join("."))
  },
  async check(input) {
    const text = latin1(input)
    try {
      await verifier().verify(text)
    } catch (error) {
      if (!isLabaError(error)) throw error
      const { message } = error as LabaError
      const told = text.split(".").some((part) => part.length >= 16 && message.includes(part))
      hold("no error repeats a part of a token", !told)
      return
    }
    const [header = "", claims = "", signature = ""] = text.split(".")
    const isOurs = Buffer.from(signature, "base64url").equals(
      Buffer.from(sign(`${header}.${claims}`), "base64url"),
    )
    hold(
      "a token that is let in was signed with a configured key",
      isOurs && unpacked(header).includes('"HS256"'),
    )
    const { exp, iss } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as {
      exp: number
      iss: string
    }
    hold("a token that is let in is not expired", exp * 1000 > now() && iss === "https://id.example")
  },
}

function reword(random: Random, json: string, noise: string): string {
  const at = random.below(json.length + 1)
  if (random.oneIn(5)) return json.slice(0, at) + noise.slice(0, 8) + json.slice(at)
  const word = random.pick(token.words)
  const found = /"[^"]*"|\w+|[^]/.exec(json.slice(at))
  if (!found) return json + word
  const given = random.oneIn(2) ? word : `"${word}"`
  return json.slice(0, at + found.index) + given + json.slice(at + found.index + found[0].length)
}

const places = {
  cookie: "laba",
  inQuery: true,
  origins: new Origins({ allowed: ["https://a.example"], loopback: false, cookies: true }),
}

/** Headers a line each; the first line is the query. */
export const credential: ParserTarget = {
  kind: "parser",
  name: "credential",
  words: [
    "Authorization: Bearer ",
    "Bearer",
    "Basic",
    "Cookie: laba=",
    "Sec-WebSocket-Protocol: ",
    "laba.token.",
    "laba.v1",
    "Origin: https://a.example",
    "Origin: null",
    "Sec-Fetch-Site: cross-site",
    "?token=",
    ";",
    ",",
    "=",
    "\n",
    "laba_",
  ],
  check(input) {
    const [search = "", ...lines] = latin1(input).split("\n")
    const headers = new Headers()
    for (const line of lines) {
      const colon = line.indexOf(":")
      try {
        if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1))
      } catch {
        // No header that a runtime would hand over.
      }
    }
    for (const method of ["GET", "POST"]) {
      const found = orRefusal(() => credentialIn({ method, headers, search }, places))
      const foreign =
        headers.has("origin") && !["https://a.example"].includes(headers.get("origin") as string)
      const otherWay =
        headers.has("authorization") || headers.has("sec-websocket-protocol") || search.includes("token=")
      hold("no cookie counts for a foreign page", found === null || otherWay || !foreign)
    }
  },
  work: {
    bytesMax: 64 * 1024,
    run: (input) =>
      credentialIn(
        {
          method: "GET",
          headers: new Headers({ cookie: latin1(input).replaceAll(/[^ -~]/g, " ") }),
          search: "",
        },
        places,
      ),
  },
}
