// The presence of a connection whose channels do not change while it is open, where their rules keep any.
import type { Channel } from "../channels/channel.ts"
import type { Presence, PresenceHandle } from "../cluster/presence/presence.ts"

/** Null, mostly: no list is made for a million connections of which none keeps presence. */
export function joinPresence(
  channels: readonly Channel[],
  user: string | undefined,
  presence: Presence,
): PresenceHandle[] | null {
  let handles: PresenceHandle[] | null = null
  for (const channel of channels) {
    const handle = presence.join(channel, user)
    if (handle) (handles ??= []).push(handle)
  }
  return handles
}

export function leavePresence(handles: readonly PresenceHandle[] | null): void {
  if (handles) for (const handle of handles) handle.leave()
}
