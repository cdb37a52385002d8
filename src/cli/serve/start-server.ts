// Starts a server for a command; why it cannot be started is one sentence.
import { lookup } from "node:dns/promises"
import { LabaError } from "../../../wire/error.ts"
import { type Config, ConfigError } from "../../config/config.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import type { Laba, ServeOptions } from "../../server/index.ts"
import { checkStart } from "../../server/start/start-checks.ts"
import { StompPortError } from "../../server/stomp-port-error.ts"
import { CommandError } from "../command.ts"

/** `whyElse` explains what the system says; null when it is about something else. Throws `CommandError`. */
export async function startServer(
  options: ServeOptions,
  whyElse: (error: unknown) => MaybePromise<string | null>,
): Promise<Laba> {
  // Loaded here and not above: the other commands start without the server's parts.
  const { serve } = await import("../../server/index.ts")
  try {
    return await serve(options)
  } catch (error) {
    const why =
      error instanceof ConfigError
        ? error.message
        : error instanceof LabaError
          ? error.detail
          : await whyElse(error)
    if (why === null) throw error
    throw new CommandError(why, { cause: error })
  }
}

/** Says what a server would not start with, before it is tried. Throws `CommandError`. */
export async function refuseStart(config: Config): Promise<void> {
  try {
    await checkStart(config)
  } catch (error) {
    throw error instanceof ConfigError ? new CommandError(error.message, { cause: error }) : error
  }
}

/** What the system said to our wish to listen. Null when it is about something else. */
export async function whyNotListening(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string | null> {
  return error instanceof StompPortError
    ? whyNotAt(error.cause, { host, port: error.port, chosenBy: "stomp.tcp" })
    : whyNotAt(error, { host, port, chosenBy: "--port" })
}

interface Wished {
  readonly host: string
  readonly port: number
  /** The flag or the key of the configuration that names the port. */
  readonly chosenBy: string
}

async function whyNotAt(error: unknown, { host, port, chosenBy }: Wished): Promise<string | null> {
  const code = error instanceof Error && "code" in error ? error.code : null
  // Before the code is believed: of a name that leads nowhere Bun says EINVAL, ENOTFOUND or EADDRINUSE, as it comes.
  if (code !== null && !(await leadsSomewhere(host)))
    return `${host} is a name that leads to no address; --host 0.0.0.0 listens at all of this machine`
  if (code === "EADDRINUSE")
    return `port ${port} on ${host} is in use; end what uses it, or choose another with ${chosenBy}`
  if (code === "EADDRNOTAVAIL")
    return `${host} is no address of this machine; --host 0.0.0.0 listens at all of them`
  if (code === "EACCES")
    return `port ${port} needs more rights than this user has; ports from 1024 on need none`
  return null
}

/** Whether a host is an address, or a name that this machine finds one for. */
const leadsSomewhere = (host: string): Promise<boolean> =>
  lookup(host.replace(/^\[(.*)\]$/, "$1")).then(
    () => true,
    () => false,
  )
