// The floor: the same clicks at a bare server.
import { join } from "node:path"
import { endChild, startChild } from "./children.ts"
import { Crowd } from "./crowd.ts"
import { type Measured, measured } from "./measured.ts"

interface BareOptions {
  readonly perSecond: number
  readonly seconds: number
  readonly connections: number
}

export async function bareRun({ perSecond, seconds, connections }: BareOptions): Promise<Measured> {
  const peer = join(import.meta.dir, "../peers/bare-desk.ts")
  const { child, said } = await startChild([process.execPath, peer], "\n")
  try {
    const port = Number(said)
    const count = perSecond * seconds
    const requests = Crowd.withSecret("nobody's").entering({ sale: "bench", port, count })
    return await measured({ pids: [child.pid], port, connections, requests, perSecond, seconds })
  } finally {
    await endChild(child)
  }
}
