// Reads CONNECT: version, credential, heart-beats. Padding is of 1.0 and goes; nothing is escaped in this frame, in no version.
import { LabaError } from "../../../wire/error.ts"
import type { ClientFrame } from "./frame.ts"
import { agreeOnBeats, type Beats } from "./heart-beat.ts"
import { chooseVersion, type StompVersion } from "./version.ts"

interface ConnectRequest {
  readonly version: StompVersion
  /** A key or a token; null when none was shown. */
  readonly credential: string | null
  readonly beats: Beats
}

/** Throws `bad_frame` when no version is common, or a header is not what it should be. */
export function readConnect({ headers }: ClientFrame, ownBeatMs: number): ConnectRequest {
  const version = chooseVersion(headers.get("accept-version"))
  if (version === null) throw new LabaError("bad_frame", "Supported protocol versions are 1.0, 1.1 and 1.2.")
  return {
    version,
    credential: credentialIn(
      headers.get("authorization") ?? headers.get("Authorization"),
      headers.get("passcode"),
    ),
    beats:
      version === "1.0" ? agreeOnBeats(undefined, 0) : agreeOnBeats(headers.get("heart-beat"), ownBeatMs),
  }
}

/** Why a credential that CONNECT had is not accepted, and what would be: who comes from elsewhere shows a name and a password. */
export const withHint = (error: unknown): unknown =>
  error instanceof LabaError && error.code === "unauthorized"
    ? new LabaError(
        "unauthorized",
        `${error.detail} \`passcode\` takes a key or a token, whatever \`login\` says.`,
        { cause: error },
      )
    : error

/** `passcode` holds the credential itself, `Authorization` as HTTP has it. An empty one is none: libraries send it when nothing was set. */
function credentialIn(authorization: string | undefined, passcode: string | undefined): string | null {
  const said = authorization?.trim() ?? ""
  if (said !== "") {
    const match = /^bearer +(\S+)$/i.exec(said)
    if (match) return match[1] as string
    throw new LabaError(
      "unauthorized",
      "Only `Authorization: Bearer` and a key or a token is understood here.",
    )
  }
  return passcode?.trim() || null
}
