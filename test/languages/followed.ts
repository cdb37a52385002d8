// Runs a program that follows channels with the clients of another language, and checks what each of them heard.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"

/** What a client hears besides messages: an event stream says where it stands. */
type Hears = "messages" | "events"

const two = "two: é 二 👩‍🍳"

const expected: Record<Hears, readonly (readonly string[])[]> = {
  messages: [
    [two, "three"],
    ["four", "five"],
  ],
  events: [
    ["(position)", two, "three"],
    ["(position)", "four", "five"],
  ],
}

interface ProgramOptions {
  /** Makes what is to be run, and is given a server's address and a channel as its last words. */
  readonly command: () => readonly string[] | Promise<readonly string[]>
  readonly cwd: string
  /** Undefined takes one away. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Every client that it runs. */
  readonly clients: Readonly<Record<string, Hears>>
}

/** Declares a test for each client: it published, heard, went away, and resumed without a gap and without an empty message. */
export function followsBy(language: string, { command, cwd, environment, clients }: ProgramOptions): void {
  describe(language, () => {
    let server: OwnServer
    let ended = { code: -1, errors: "it was not run" }
    const heard = new Map<string, unknown>()

    beforeAll(async () => {
      server = await startServer({ limits: { heartbeatSeconds: 1 }, stomp: { tcp: 0 } })
      const program = Bun.spawn([...(await command()), server.base, freshChannel("follow")], {
        cwd,
        env: { ...process.env, ...environment, LABA_STOMP_PORT: String(server.laba.stompPort) },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      })
      const [lines, errors] = await Promise.all([
        new Response(program.stdout).text(),
        new Response(program.stderr).text(),
      ])
      for (const line of lines.split("\n").filter(Boolean)) {
        const said = JSON.parse(line) as { client: string; heard: unknown }
        heard.set(said.client, said.heard)
      }
      ended = { code: await program.exited, errors }
    }, 120_000)
    afterAll(() => server[Symbol.asyncDispose]())

    for (const [client, hears] of Object.entries(clients)) {
      test(`${client}: publishes, hears, and resumes where it left off`, () => {
        expect(heard.get(client) ?? ended).toEqual(expected[hears])
      })
    }

    test("every client is known here, and the program ends well", () => {
      expect([...heard.keys()].sort()).toEqual(Object.keys(clients).sort())
      expect(ended).toEqual({ code: 0, errors: "" })
    })
  })
}
