// Where publish and subscribe go: a server's address and a channel, from flags and environment.
import { UsageError } from "../command.ts"

/** The address that is used when neither `--url` nor `LABA_URL` names one: what `laba serve` listens at. */
const defaultAddress = "http://127.0.0.1:8080"

/** Help's line for `--url`. */
export const urlFlag = {
  type: "string",
  value: "<url>",
  says: `the server; default LABA_URL, else ${defaultAddress}`,
} as const

export interface Address {
  /** Without a slash at the end; with a path when the server stands behind one. */
  readonly server: string
  readonly channel: string
}

/** Reads `/orders/42`, or a whole URL `http://host/orders/42`, which wins over `--url`. */
export function readAddress(word: string | undefined, url: string | undefined): Address {
  if (word === undefined) throw new UsageError("needs a channel, for example /channel/hello")
  if (/^(https?|wss?):\/\//i.test(word)) {
    if (url !== undefined) throw new UsageError("the channel is a whole URL already; leave --url away")
    const whole = checkedUrl(word)
    return { server: whole.origin, channel: whole.pathname }
  }
  if (!word.startsWith("/")) throw new UsageError(`a channel begins with a slash: /${word}`)
  return { server: serverOf(url ?? (process.env.LABA_URL || defaultAddress)), channel: word }
}

/** Reads the address of a server, without a slash at its end. */
export function serverOf(text: string): string {
  const { origin, pathname } = checkedUrl(text)
  return origin + pathname.replace(/\/+$/, "")
}

function checkedUrl(text: string): URL {
  const url = URL.parse(text.replace(/^ws/i, "http"))
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`"${text}" is not the address of a server; one looks like ${defaultAddress}`)
  }
  return url
}

/** The channel's own URL, its characters escaped as a URL needs them. */
export function channelUrl({ server, channel }: Address): string {
  // A `?` or `#` in a name would otherwise end it.
  return server + encodeURI(channel).replaceAll("%25", "%").replaceAll("?", "%3F").replaceAll("#", "%23")
}
