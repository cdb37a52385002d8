import { describe, expect, test } from "bun:test"
import { LabaError } from "../../wire/error.ts"
import { Application } from "./application.ts"
import type { Hooks, Subscribing } from "./hooks.ts"
import type { Requester } from "./remote/remote-hooks.ts"

const ann: Requester = { connection: "c1", transport: "websocket", user: "ann", sender: "@ann" }

function made(hooks: Hooks) {
  const failures: [hook: keyof Hooks, error: unknown][] = []
  const onError = (hook: keyof Hooks, error: unknown): void => void failures.push([hook, error])
  return { application: new Application({ hooks, remote: null, onError }), failures }
}

const codeOf = async (asked: void | Promise<void>): Promise<string> => {
  try {
    await asked
    return "let in"
  } catch (error) {
    return error instanceof LabaError ? `${error.code}: ${error.detail}` : String(error)
  }
}

describe("a subscribe", () => {
  test("goes on at once where nobody is asked, and nobody is described", () => {
    const { application } = made({})
    const asked = application.subscribe(() => {
      throw new Error("nobody wants to know who it is")
    }, "/c")
    expect(asked).toBeUndefined()
  })

  test("is described to the hook, and goes on when that says nothing or refuses nothing", async () => {
    const seen: Subscribing[] = []
    const answers = [undefined, {}, Promise.resolve(undefined)]
    for (const answer of answers) {
      const { application } = made({ onSubscribe: (subscribing) => (seen.push(subscribing), answer) })
      expect(await codeOf(application.subscribe(() => ann, "/c"))).toBe("let in")
    }
    const { sender: _, ...described } = ann
    expect(seen).toEqual(answers.map(() => ({ ...described, channel: "/c" })))
  })

  test("is refused with the refusal's code, which is `forbidden` when left out", async () => {
    const refuse = { detail: "Not you." }
    expect(
      await codeOf(made({ onSubscribe: () => ({ refuse }) }).application.subscribe(() => ann, "/c")),
    ).toBe("forbidden: Not you.")
    const later = { code: "too_many_requests", detail: "Later." } as const
    const { application } = made({ onSubscribe: async () => ({ refuse: later }) })
    expect(await codeOf(application.subscribe(() => ann, "/c"))).toBe("too_many_requests: Later.")
  })

  test("is `hook_failed` when the hook throws, and what it threw stays here", async () => {
    const error = new Error("no database")
    const thrower = (): never => {
      throw error
    }
    for (const onSubscribe of [thrower, () => Promise.reject(error)]) {
      const { application, failures } = made({ onSubscribe })
      expect(await codeOf(application.subscribe(() => ann, "/c"))).toMatch(/^hook_failed: (?!.*database)/)
      expect(failures).toEqual([["onSubscribe", error]])
    }
  })
})

describe("that a channel is occupied or vacant", () => {
  test("is told by its name, and to nobody where nobody listens to it", async () => {
    const told: string[] = []
    const { application } = made({
      onOccupied: (channel) => void told.push(`+${channel}`),
      onVacated: (channel) => void told.push(`-${channel}`),
    })
    application.occupied("/a")
    application.occupied("/b")
    application.vacated("/a")
    made({}).application.occupied("/c")
    await Promise.resolve()
    expect(told).toEqual(["+/a", "+/b", "-/a"])
  })

  test("goes on whatever the hook throws, now or later", async () => {
    const now = new Error("at once")
    const later = new Error("from an async function")
    const { application, failures } = made({
      onOccupied: () => {
        throw now
      },
      // As a program without types may have it.
      onVacated: (() => Promise.reject(later)) as () => void,
    })
    application.occupied("/a")
    application.vacated("/a")
    // Three turns of the queue: the work at hand, the rejection, and what is done about it.
    for (let turn = 0; turn < 3; turn++) await Promise.resolve()
    expect(failures).toEqual([
      ["onOccupied", now],
      ["onVacated", later],
    ])
  })
})
