// `laba token new`: a client's token, signed with a shared secret. For trying out and for scripts; a shop's own login
// signs its tokens itself.
import { SignJWT } from "jose"
import { userPart } from "../../access/rules/own-channels.ts"
import { secretBytesMin } from "../../access/tokens/verification-key.ts"
import { millisecondsOf, timePattern } from "../../config/quantities.ts"
import type { TokensConfig } from "../../access/access-config.ts"
import { readArguments, unknown } from "../arguments.ts"
import { type Command, exit, CommandError, UsageError } from "../command.ts"
import { configFlag, loadConfig } from "../flags/config.ts"
import { readPatterns } from "../flags/patterns.ts"
import { print } from "../terminal.ts"

const flags = {
  user: { type: "string", value: "<user>", says: "whose token it is; the user owns /@<user>/**" },
  listen: {
    type: "string",
    value: "<patterns>",
    says: "narrow it to these channels, divided by spaces; /@me/** are the user's own",
  },
  publish: { type: "string", value: "<patterns>", says: "and let it publish to these, where the rules do" },
  expires: { type: "string", value: "<time>", says: "how long it lives; default 1h" },
  "secret-file": {
    type: "string",
    value: "<file>",
    says: "a file with the secret; default the first one of the configuration",
  },
  config: configFlag,
} as const

export const token: Command = {
  name: "token",
  summary: "Make a token for a client",
  usage: "token new [flags]",
  flags,
  examples: [
    ["laba token new --user 1001", "a token of user 1001, by the secret in laba.yaml"],
    [
      'laba token new --user 1001 --listen "/@me/** /news/*" --expires 10m',
      "one that hears these channels only",
    ],
    [
      "laba token new --user 1001 --secret-file secret.txt > token.jwt",
      "by a secret of its own, into a file",
    ],
  ],
  async run(args) {
    const { given, words } = readArguments(args, flags, 1)
    if (words[0] !== "new")
      throw words[0] === undefined
        ? new UsageError("say `laba token new`")
        : unknown("command", words[0], ["new"])
    const seconds = readExpires(given.expires ?? "1h")
    const { config } = await loadConfig(given.config, {})
    const { tokens } = config.access
    const claims = { ...whose(given.user), ...channelsOf(given.listen, given.publish), ...expectedBy(tokens) }
    if (tokens && seconds > tokens.lifetimeMaxSeconds)
      throw new CommandError(
        `the configuration accepts tokens of at most ${tokens.lifetimeMaxSeconds} seconds (tokens.lifetimeMax)`,
      )
    const secret =
      given["secret-file"] === undefined ? firstSecret(tokens) : await readSecret(given["secret-file"])
    const signed = new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000 + seconds))
      .sign(new TextEncoder().encode(secret))
    print(await signed)
    return exit.ok
  },
}

function readExpires(text: string): number {
  const seconds = timePattern.test(text) ? Math.floor(millisecondsOf(text) / 1000) : 0
  if (seconds > 0) return seconds
  throw new UsageError(`--expires is a time such as 10m or 1h, not "${text}"`)
}

function whose(user: string | undefined): { sub?: string } {
  if (user === undefined) return {}
  try {
    userPart(user)
  } catch {
    throw new UsageError("--user is text of 1 to 200 bytes")
  }
  return { sub: user }
}

function channelsOf(listen: string | undefined, publish: string | undefined) {
  if (listen === undefined && publish === undefined) return {}
  return { channels: { listen: readPatterns("listen", listen), publish: readPatterns("publish", publish) } }
}

/** What this configuration wants to see in a token. */
function expectedBy(tokens: TokensConfig | null): { iss?: string; aud?: string } {
  const [first] = tokens?.issuers ?? []
  return {
    ...(first?.issuer !== undefined && { iss: first.issuer }),
    ...(first?.audience?.[0] !== undefined && { aud: first.audience[0] }),
  }
}

function firstSecret(tokens: TokensConfig | null): string {
  const secret = tokens?.issuers[0]?.secrets[0]
  if (secret !== undefined) return secret
  throw new CommandError(
    "the configuration has no `tokens.secret` to sign with; name a file with --secret-file, or set LABA_TOKEN_SECRET",
  )
}

async function readSecret(file: string): Promise<string> {
  const text = await Bun.file(file)
    .text()
    .catch((cause: unknown) => {
      throw new CommandError(`cannot read ${file}`, { cause })
    })
  // An editor ends a file with a line's end, which is no part of the secret.
  const secret = text.replace(/\r?\n$/, "")
  if (Buffer.byteLength(secret) >= secretBytesMin) return secret
  throw new CommandError(`the secret in ${file} has less than ${secretBytesMin} bytes`)
}
