// The backend of the hooks in a run: lets everybody in, names them, and writes down whose end it was told, and when.
import type { Random } from "../../fuzz/random.ts"

/** What is told again with the same id may be a repetition when somebody died so soon after the first time, in milliseconds. */
const unsureMs = 2500

interface Told {
  readonly id: string
  readonly at: number
}

export class Backend implements Disposable {
  /** Connections that were let in. */
  readonly registered = new Set<string>()
  /** Every time that an end was told and answered well. */
  readonly told = new Map<string, Told[]>()
  /** What was told of the room: that it is occupied, or vacated, each once. */
  private readonly room = new Map<string, { readonly kind: string; readonly time: string }>()
  /** Sometimes it fails; not in the end. */
  isSound = false
  private readonly server: Bun.Server<undefined>

  constructor(random: Random, room: string) {
    this.server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const connection = request.headers.get("ce-connection") ?? ""
        const kind = request.headers.get("ce-type")?.replace("laba.", "") ?? ""
        if (kind === "register") {
          this.registered.add(connection)
          const { query } = (await request.json()) as { query: string }
          return Response.json({ user: new URLSearchParams(query).get("user"), channels: [room] })
        }
        if (!this.isSound && random.oneIn(10)) return new Response(null, { status: 500 })
        const id = request.headers.get("ce-id") ?? ""
        if (kind !== "unregister") this.room.set(id, { kind, time: request.headers.get("ce-time") ?? "" })
        else this.told.set(connection, [...(this.told.get(connection) ?? []), { id, at: Date.now() }])
        return new Response(null, { status: 204 })
      },
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}/`
  }

  /** What was told of the room, in the order in which it happened. */
  get roomWas(): string[] {
    return [...this.room.values()].sort((a, b) => (a.time < b.time ? -1 : 1)).map(({ kind }) => kind)
  }

  /** Those whose end nobody has told. */
  get untold(): string[] {
    return [...this.registered].filter((connection) => !this.told.has(connection))
  }

  /** What is wrong with what was told. `deaths` are moments in which an answer of ours may have been lost. */
  verdict(deaths: readonly number[]): string[] {
    const findings = this.untold.map((connection) => `the end of ${connection} was never told`)
    for (const [connection, times] of this.told) {
      if (new Set(times.map(({ id }) => id)).size > 1)
        findings.push(`the end of ${connection} was told under several ids`)
      const [first, ...again] = times
      const isExcused = deaths.some((death) => first && death >= first.at - 50 && death - first.at < unsureMs)
      if (again.length > (isExcused ? 1 : 0))
        findings.push(`the end of ${connection} was told ${times.length} times`)
    }
    return findings
  }

  [Symbol.dispose](): void {
    void this.server.stop(true)
  }
}
