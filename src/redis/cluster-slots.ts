// Which node of a Cluster holds what: the hash slots of Redis, and the map of them that a node hands out.
import type { Reply } from "./connection.ts"

/** Hash slots of a Redis Cluster. */
const slotCount = 16_384

/** The hash slot of a tag: what stands between the braces of a key. CRC16/XMODEM, as the Cluster specification has it. */
export function slotOf(tag: string): number {
  let crc = 0
  for (const byte of new TextEncoder().encode(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
  }
  return crc % slotCount
}

/** For each hash slot the address of its master, `host:port`; null where nobody holds it. */
export type SlotMap = readonly (string | null)[]

/** Reads an answer to `CLUSTER SLOTS`. `askedHost` is where it came from: a node may not know its own name. */
export function readSlots(reply: Reply, askedHost: string): SlotMap {
  const map: (string | null)[] = Array.from({ length: slotCount }, () => null)
  if (!Array.isArray(reply)) return map
  for (const range of reply as readonly Reply[]) {
    const [from, to, master] = range as readonly [number, number, readonly [Buffer | null, number]]
    const host = String(master[0] ?? "")
    const address = `${host === "" || host === "?" ? askedHost : host}:${master[1]}`
    map.fill(address, Number(from), Number(to) + 1)
  }
  return map
}

/** Whether every slot has a node: without one a Cluster answers nothing, as it is set up by default. */
export const isWhole = (map: SlotMap): boolean => map.length === slotCount && !map.includes(null)
