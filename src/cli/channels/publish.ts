// `laba publish`: one POST, and the server's answer on one line.
import { idempotencyKeyCharsMax } from "../../../wire/limits.ts"
import { parseContentType } from "../../../wire/content-type.ts"
import { checkIdempotencyKey } from "../../protocols/idempotency-key.ts"
import { channelUrl, readAddress, urlFlag } from "../flags/server-address.ts"
import { readArguments } from "../arguments.ts"
import { type Command, exit, CommandError, UsageError } from "../command.ts"
import { fetchFrom, refusalOf } from "./server-answer.ts"
import { credential } from "../flags/secrets.ts"
import { print } from "../terminal.ts"

const flags = {
  url: urlFlag,
  type: {
    type: "string",
    value: "<type>",
    says: "content type; default text/plain, or what the file's name says",
  },
  key: {
    type: "string",
    value: "<key>",
    says: "Idempotency-Key: repeating the same within 2 minutes publishes once",
  },
  file: { type: "string", value: "<path>", says: "publish a file's bytes; - reads standard input" },
} as const

/** Throws `UsageError`. */
function checkKeyOption(key: string): void {
  try {
    checkIdempotencyKey(key)
  } catch {
    throw new UsageError(
      `--key is 1 to ${idempotencyKeyCharsMax} printable ASCII characters without spaces, not ${JSON.stringify(key)}`,
    )
  }
}

interface Payload {
  readonly body: Uint8Array<ArrayBuffer>
  readonly type: string
}

export const publish: Command = {
  name: "publish",
  summary: "Publish one message and print the answer",
  usage: "publish <channel> <data> [flags]\n       laba publish <channel> --file <path> [flags]",
  flags,
  examples: [
    ["laba publish /channel/hello 'number 42, please'", "publishes text"],
    [`laba publish /orders/42 '{"state":"paid"}' --type application/json`, "publishes JSON"],
    ["date | laba publish /clock --file -", "publishes what another program prints"],
    ["LABA_CREDENTIAL=laba_shop_… laba publish /orders/42 paid", "where publishing needs a key or a token"],
    ["laba publish /photos --file photo.png --key photo-1", "never twice, however often it is repeated"],
  ],
  async run(args) {
    const { given, words } = readArguments(args, flags, 2)
    const address = readAddress(words[0], given.url)
    if (given.type !== undefined && !parseContentType(given.type))
      throw new UsageError(
        `--type is a content type such as application/json, not ${JSON.stringify(given.type)}`,
      )
    if (given.key !== undefined) checkKeyOption(given.key)
    const { body, type } = await readPayload(words[1], given.file)
    const headers: Record<string, string> = { "content-type": given.type ?? type }
    if (given.key !== undefined) headers["idempotency-key"] = given.key
    const token = credential()
    if (token) headers["authorization"] = `Bearer ${token}`
    const response = await fetchFrom(channelUrl(address), {
      method: "POST",
      headers,
      body,
      redirect: "error",
    })
    if (!response.ok) throw new CommandError(await refusalOf(response))
    print((await response.text()).trim())
    return exit.ok
  },
}

async function readPayload(data: string | undefined, file: string | undefined): Promise<Payload> {
  if ((data === undefined) === (file === undefined)) {
    throw new UsageError("needs what to publish: either data after the channel, or --file")
  }
  if (data !== undefined) return { body: new TextEncoder().encode(data), type: textType }
  if (file === "-") return withoutName(await Bun.stdin.bytes())
  return readFile(file as string)
}

async function readFile(path: string): Promise<Payload> {
  const file = Bun.file(path)
  try {
    return { body: await file.bytes(), type: file.type }
  } catch (error) {
    throw new CommandError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

const textType = "text/plain; charset=utf-8"

/** Standard input has no name to tell its type: text when it is valid UTF-8, else bytes. */
function withoutName(body: Uint8Array<ArrayBuffer>): Payload {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(body)
    return { body, type: textType }
  } catch {
    return { body, type: "application/octet-stream" }
  }
}
