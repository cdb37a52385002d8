// The seats of a connection whose channels do not change while it is open, where their rules keep presence.
import type { Channel } from "../channels/channel.ts"
import type { Presence, PresenceHandle } from "../cluster/presence/presence.ts"

/** Null, mostly: no list is made for a million connections of which none keeps presence. */
export function seatsOf(
  channels: readonly Channel[],
  user: string | undefined,
  presence: Presence,
): PresenceHandle[] | null {
  let seats: PresenceHandle[] | null = null
  for (const channel of channels) {
    const seat = presence.join(channel, user)
    if (seat) (seats ??= []).push(seat)
  }
  return seats
}

export function leaveSeats(seats: readonly PresenceHandle[] | null): void {
  if (seats) for (const seat of seats) seat.leave()
}
