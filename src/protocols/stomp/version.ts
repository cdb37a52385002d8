// The versions of STOMP that are spoken here, and how one is agreed on.

export type StompVersion = "1.0" | "1.1" | "1.2"

/** The newest first: the highest that both know is taken. */
export const stompVersions: readonly StompVersion[] = ["1.2", "1.1", "1.0"]

/** The WebSocket subprotocols of these versions, the newest first. */
export const stompSubprotocols: readonly string[] = ["v12.stomp", "v11.stomp", "v10.stomp"]

/** The highest common version; null when there is none. Who says nothing speaks 1.0 (1.1 and 1.2, "Protocol Negotiation"). */
export function chooseVersion(accepted: string | undefined): StompVersion | null {
  if (accepted === undefined) return "1.0"
  const offered = accepted.split(",").map((version) => version.trim())
  return stompVersions.find((version) => offered.includes(version)) ?? null
}
