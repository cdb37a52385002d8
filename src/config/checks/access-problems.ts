// What is wrong with the configuration of access beyond its shape, and what it comes to. No message holds a secret.
import type { AccessConfig, IssuerConfig } from "../../access/access-config.ts"
import { networkProblem } from "../../access/origins/client-address.ts"
import { digestOf, keyName } from "../../access/credentials/keys.ts"
import { isLoopbackHost } from "../../access/origins/loopback-guard.ts"
import { scopePatternsMax } from "../../access/credentials/scope.ts"
import { pemKey, secretBytesMin, secretKey } from "../../access/tokens/verification-key.ts"
import type { AccessOutput, IssuerOutput, PermissionsOutput } from "../schema/access-schema.ts"
import type { Problem } from "../config-error.ts"
import { patternProblem } from "./pattern-problem.ts"

/** Keys configured at once. Each is compared with whatever key comes, so they cost time. */
const keysMax = 1000
/** Issuers whose keys are tried for a token. */
const issuersMax = 8

export function accessConfigOf({ keys, tokens, origins, proxies }: AccessOutput): AccessConfig {
  return {
    keys,
    tokens: tokens
      ? {
          issuers: [tokens, ...tokens.otherIssuers].map(issuerConfigOf),
          leewaySeconds: tokens.leeway,
          lifetimeMaxSeconds: tokens.lifetimeMax,
          cookie: tokens.cookie,
          inQuery: tokens.inQuery,
        }
      : null,
    origins: origins ?? null,
    proxies,
  }
}

const issuerConfigOf = ({
  secret,
  publicKeys,
  jwks,
  issuer,
  audience,
  userPrefix = "",
}: IssuerOutput): IssuerConfig => ({
  secrets: secret ?? [],
  publicKeys: publicKeys ?? [],
  jwks,
  issuer,
  audience,
  userPrefix,
})

export function accessProblems(
  access: AccessOutput,
  channels: Readonly<Record<string, PermissionsOutput>>,
): Problem[] {
  return [
    ...keyProblems(access),
    ...tokenProblems(access),
    ...originProblems(access),
    ...access.proxies.flatMap((text, index) => problem(["proxies", index], networkProblem(text))),
    ...ruleProblems(access, channels),
  ]
}

function problem(path: readonly PropertyKey[], message: string | null): Problem[] {
  return message === null ? [] : [{ path, message }]
}

function keyProblems({ keys }: AccessOutput): Problem[] {
  const problems = keys.flatMap((key, index) => {
    const path = ["keys", index]
    const shown = JSON.stringify(key.name.slice(0, 60))
    return [
      ...problem(
        [...path, "name"],
        keyName.test(key.name)
          ? null
          : `must be 1 to 40 lower-case letters, digits and dashes between them, not ${shown}`,
      ),
      ...problem(
        [...path, "sha256"],
        !/^[0-9a-f]{64}$/i.test(key.sha256)
          ? "must be 64 hexadecimal digits; `laba key new` prints them. The key itself does not belong here"
          : key.sha256.toLowerCase() === digestOf("")
            ? "is the digest of an empty text: the key was not set where it was made"
            : null,
      ),
      ...(["publish", "listen", "manage"] as const).flatMap((scope) =>
        scopeProblems([...path, scope], key[scope]),
      ),
    ]
  })
  const digests = keys.map(({ sha256 }) => sha256.toLowerCase())
  const twice = digests.findIndex((digest, index) => digests.indexOf(digest) < index)
  if (twice >= 0) problems.push({ path: ["keys", twice, "sha256"], message: "is there twice" })
  if (keys.length > keysMax) problems.push({ path: ["keys"], message: `has more than ${keysMax} keys` })
  return problems
}

function scopeProblems(path: readonly PropertyKey[], patterns: readonly string[]): Problem[] {
  if (patterns.length > scopePatternsMax)
    return [{ path, message: `has more than ${scopePatternsMax} patterns` }]
  return patterns.flatMap((pattern, index) => problem([...path, index], patternProblem(pattern)))
}

function tokenProblems({ tokens }: AccessOutput): Problem[] {
  if (!tokens) return []
  const issuers: [readonly PropertyKey[], IssuerOutput][] = [
    [["tokens"], tokens],
    ...tokens.otherIssuers.map((issuer, index): [readonly PropertyKey[], IssuerOutput] => [
      ["tokens", "otherIssuers", index],
      issuer,
    ]),
  ]
  const problems = issuers.flatMap(([path, issuer]) => issuerProblems(path, issuer))
  if (issuers.length > issuersMax)
    problems.push({ path: ["tokens", "otherIssuers"], message: `makes more than ${issuersMax} issuers` })
  if (issuers.length > 1) {
    const names = issuers.map(([, { issuer }]) => issuer)
    for (const [index, [path, { userPrefix }]] of issuers.entries()) {
      if (userPrefix === undefined)
        problems.push({
          path,
          message: `needs a \`userPrefix\`, since another issuer may have the same \`sub\` for somebody else; with "" in each their users are one`,
        })
      if (names[index] === undefined)
        problems.push({ path, message: "needs an `issuer`, since there are several" })
      else if (names.indexOf(names[index]) !== index)
        problems.push({ path: [...path, "issuer"], message: "is there twice" })
    }
  }
  if (tokens.lifetimeMax < 1)
    problems.push({ path: ["tokens", "lifetimeMax"], message: "must be at least one second" })
  if (tokens.leeway > 300)
    problems.push({ path: ["tokens", "leeway"], message: "must be at most 5m: a wrong clock is to be set" })
  // RFC 6265, 4.1.1: a token of RFC 2616.
  if (tokens.cookie !== undefined && !/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(tokens.cookie))
    problems.push({ path: ["tokens", "cookie"], message: "is no name of a cookie" })
  return problems
}

function issuerProblems(path: readonly PropertyKey[], issuer: IssuerOutput): Problem[] {
  const { secret, publicKeys, jwks } = issuer
  if (secret === undefined && publicKeys === undefined && jwks === undefined)
    return [{ path, message: "needs one of `secret`, `publicKeys` and `jwks`, or no token can be checked" }]
  return [
    ...(secret ?? []).flatMap((text, index) =>
      problem(
        [...path, "secret", ...((secret?.length ?? 0) > 1 ? [index] : [])],
        secretKey(text) ? null : `must have at least ${secretBytesMin} bytes`,
      ),
    ),
    ...(publicKeys ?? []).flatMap((pem, index) =>
      problem(
        [...path, "publicKeys", index],
        pemKey(pem)
          ? null
          : "must be a public key in PEM, of RSA with 2048 bits or more, P-256, P-384, P-521 or Ed25519",
      ),
    ),
    ...problem([...path, "jwks"], jwks === undefined ? null : jwksProblem(jwks)),
  ]
}

function jwksProblem(text: string): string | null {
  const url = URL.parse(text)
  if (!url) return "is no URL"
  if (url.username !== "" || url.password !== "") return "must hold no password"
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.host))) return null
  return "must begin with https://; http:// is for this machine only"
}

function originProblems({ origins, tokens }: AccessOutput): Problem[] {
  const problems = (origins ?? []).flatMap((text, index) => {
    const url = text === "*" ? null : URL.parse(text)
    // A star inside is a host's name to URLs, and would fit no page.
    const isOrigin = /^https?:$/.test(url?.protocol ?? "") && url?.origin === text && !text.includes("*")
    const right = text === "*" || isOrigin
    return problem(
      ["origins", index],
      right ? null : `must be as a browser writes it, such as https://shop.example, or "*"`,
    )
  })
  if (tokens?.cookie !== undefined && origins?.includes("*"))
    problems.push({
      path: ["origins"],
      message: '"*" and a cookie do not go together: any page could act as whoever looks at it',
    })
  return problems
}

function ruleProblems(
  { keys, tokens }: AccessOutput,
  channels: Readonly<Record<string, PermissionsOutput>>,
): Problem[] {
  if (keys.length > 0 || tokens) return []
  return Object.entries(channels).flatMap(([pattern, channel]) =>
    (["listen", "publish", "presence", "readHistory", "manage"] as const).flatMap((action) =>
      typeof channel[action] !== "string" || channel[action] === "anyone" || channel[action] === "nobody"
        ? []
        : problem(
            ["channels", pattern, action],
            `is "${channel[action]}", but there are no \`keys\` and no \`tokens\` by which anybody could be that`,
          ),
    ),
  )
}
