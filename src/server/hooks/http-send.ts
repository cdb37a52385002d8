// Sends a hook's request: finds the address, checks it, and connects to exactly that one, so that a name cannot mean another
// address by then. Knows no dialect.
import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { mayConnect } from "../../hooks/remote/delivery/private-addresses.ts"
import {
  answerFailure,
  BackendFailure,
  type FailureCause,
} from "../../hooks/remote/delivery/backend-failure.ts"
import type { HookResponse, HttpSend, HttpRequest } from "../../hooks/remote/remote.ts"

/** An answer is read up to here: a hundred messages that it may publish, of ordinary size. */
export const answerBytesMax = 1024 * 1024

/** How long a name's address is believed. Short: a backend moves. It is checked once for all requests meanwhile. */
const addressMs = 5000

interface Found {
  readonly addresses: Promise<string[]>
  readonly untilMs: number
}

/** A hook's URL, taken apart once. */
interface Target {
  /** A name, or an address without brackets. */
  readonly host: string
  /** With the port, as the header `Host` has it. */
  readonly authority: string
  readonly isSecure: boolean
  /** The URL with an address in the name's place. */
  readonly at: (address: string) => string
}

function readTarget(text: string): Target {
  const url = new URL(text)
  const { protocol, port, pathname, search } = url
  const rest = `${port === "" ? "" : `:${port}`}${pathname}${search}`
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    authority: url.host,
    isSecure: protocol === "https:",
    at: (address) => `${protocol}//${isIP(address) === 6 ? `[${address}]` : address}${rest}`,
  }
}

/** What Bun's fetch takes beside the standard: the name that a certificate must have when the URL has an address. */
interface PinnedInit extends RequestInit {
  readonly tls?: { readonly serverName: string; readonly ca?: string }
}

interface HttpSenderOptions {
  /** All addresses of a name. */
  readonly resolve?: (host: string) => Promise<string[]>
  /** An authority to believe beside the system's, in PEM. */
  readonly ca?: string
  readonly now?: () => number
}

export function makeHttpSend(options: HttpSenderOptions = {}): HttpSend {
  const { resolve = resolveByName, ca, now = Date.now } = options
  const known = new Map<string, Found>()
  const addressesOf = (host: string): Promise<string[]> => {
    const found = known.get(host)
    if (found && found.untilMs > now()) return found.addresses
    const addresses = resolve(host)
    known.set(host, { addresses, untilMs: now() + addressMs })
    addresses.catch(() => known.delete(host))
    return addresses
  }
  const targets = new Map<string, Target>()
  const targetOf = (text: string): Target => {
    const target = targets.get(text) ?? readTarget(text)
    // As many as are configured, and those never change.
    targets.set(text, target)
    return target
  }
  return async (request) => {
    const { host, authority, isSecure, at } = targetOf(request.url)
    const deadline = AbortSignal.timeout(request.timeoutMs)
    let sent = false
    try {
      const address = await withDeadline(addressFor(host, request, addressesOf), deadline)
      const init: PinnedInit = {
        method: request.method,
        headers: { ...request.headers, host: authority, "user-agent": "laba", "accept-encoding": "identity" },
        body: request.body as BodyInit | null,
        redirect: "manual",
        signal: deadline,
        ...(isSecure && { tls: { serverName: host, ...(ca !== undefined && { ca }) } }),
      }
      sent = true
      const response = await fetch(at(address), init)
      return { status: response.status, headers: response.headers, body: await readBounded(response) }
    } catch (error) {
      throw failureOf(error, { sent, timeoutMs: request.timeoutMs })
    }
  }
}

const resolveByName = async (host: string): Promise<string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address)

/** The first of a name's addresses; one that is not allowed spoils them all, or chance would decide. */
async function addressFor(
  host: string,
  { privateAddresses }: HttpRequest,
  addressesOf: (host: string) => Promise<string[]>,
): Promise<string> {
  const addresses = isIP(host) === 0 ? await addressesOf(host) : [host]
  const forbidden = addresses.find((address) => !mayConnect(address, privateAddresses))
  if (forbidden !== undefined) {
    const means = forbidden === host ? "is" : `means ${forbidden},`
    throw new BackendFailure(
      `${host} ${means} no public address; if that is meant, list it in \`privateAddresses\`.`,
      { because: "address", sent: false, strained: false },
    )
  }
  const [first] = addresses
  if (first !== undefined) return first
  throw new BackendFailure(`${host} has no address.`, { because: "connect", sent: false, strained: true })
}

async function readBounded(response: Response): Promise<HookResponse["body"]> {
  const { headers } = response
  const declared = headers.get("content-length")
  // In one piece where it says how long it is: a reader costs more than the rest of a small answer. One that is compressed, though
  // we asked for none such, does not say.
  if (declared !== null && Number(declared) <= answerBytesMax && !headers.has("content-encoding"))
    return new Uint8Array(await response.arrayBuffer())
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  for (;;) {
    const { done = true, value } = (await reader?.read()) ?? {}
    if (done || !value) break
    length += value.length
    if (length > answerBytesMax) {
      void reader?.cancel()
      throw answerFailure(`The backend's answer has more than ${answerBytesMax} bytes.`)
    }
    chunks.push(value)
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
}

function withDeadline<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(deadline.reason as Error)
    deadline.addEventListener("abort", late, { once: true })
    work.then(resolve, reject).finally(() => deadline.removeEventListener("abort", late))
  })
}

/** Nothing was sent when there was nobody to send it to. */
const neverConnected: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ConnectionRefused",
  "FailedToOpenSocket",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
])

function failureOf(
  error: unknown,
  { sent, timeoutMs }: { readonly sent: boolean; readonly timeoutMs: number },
): BackendFailure {
  if (error instanceof BackendFailure) return error
  const name = error instanceof Error ? error.name : ""
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  const fail = (says: string, because: FailureCause): BackendFailure =>
    new BackendFailure(says, {
      because,
      sent: sent && !neverConnected.has(code) && !/CERT|TLS|SSL/i.test(code),
      strained: true,
      cause: error,
    })
  if (name === "TimeoutError") return fail(`The backend did not answer within ${timeoutMs} ms.`, "timeout")
  return fail(`The backend cannot be reached: ${code || (error as Error).message || name}.`, "connect")
}
