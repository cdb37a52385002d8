// Templates of ingest, and the messages that fill them: whatever is configured or comes, a message is published where the template
// says or set aside with a reason, and no value leads out of its part.
import {
  MessageRoute,
  type Outcome,
  type RouteConfig,
  routeProblems,
} from "../../../src/ingest/template/message-route.ts"
import { readDeadLetter, writeDeadLetter } from "../../../src/ingest/pipeline/dead-letter.ts"
import type { SourceMessage } from "../../../src/ingest/source.ts"
import type { ParserTarget } from "../target.ts"
import { agree, hold, utf8 } from "./agree.ts"

const source = { fields: ["queue"], topicSeparator: ".", registryFramed: true }

const configOf = (changes: Partial<RouteConfig>): RouteConfig => ({
  ...{ to: ["/a"], connection: null, when: {}, unless: {}, data: null, type: null, id: null },
  ...changes,
})

const messageOf = (body: Uint8Array): SourceMessage => ({
  ...{ partition: "p", position: "1", topic: utf8(body).slice(0, 40), contentType: null, time: null, body },
  key: body.slice(0, 20),
  headers: new Map([["x-y", body.slice(3, 9)]]),
  fields: { queue: "q" },
})

const options = { limits: { messageBytesMax: 64 * 1024 }, checkName() {} }

const outcomeOf = (config: RouteConfig, message: SourceMessage): Outcome =>
  new MessageRoute(config, source, options).outcomeOf(message)

function checkOutcome(outcome: Outcome): void {
  if (outcome.kind === "at-fault")
    hold(
      `a fault is told of, not thrown: ${outcome.reason}`,
      !outcome.reason.startsWith("It could not be read"),
    )
}

const sample = messageOf(
  new TextEncoder().encode('{"userId":"7/x","saleId":1,"a.b":"@","items":[{"id":"me"}]}'),
)

export const ingestTemplate: ParserTarget = {
  kind: "parser",
  name: "ingest-template",
  words: [
    "{json.",
    "{header.",
    "{key}",
    "{topic}",
    "{topic...}",
    "{queue}",
    "{{",
    "}}",
    "{",
    "}",
    "/",
    "/@",
    '["',
    '"]',
    "[0]",
    ".",
    "\\",
  ],
  check(input) {
    const text = utf8(input)
    for (const changes of [{ to: [text] }, { data: text }, { when: { [text]: 1 } }, { id: text }]) {
      const config = configOf(changes)
      if (routeProblems(config, source).length === 0) checkOutcome(outcomeOf(config, sample))
    }
  },
  work: { bytesMax: 128 * 1024, run: (input) => routeProblems(configOf({ to: [utf8(input)] }), source) },
}

const shapes = [
  "/@{json.v}",
  "/{json.v}/b",
  "/a/{json.w.x[1]}-{json.v}",
  "/{key}",
  "/k/{header.x-y}",
  "/a/{json.w.x.0}",
]
const routes = shapes.map((to) => [to, new MessageRoute(configOf({ to: [to] }), source, options)] as const)

export const ingestMessage: ParserTarget = {
  kind: "parser",
  name: "ingest-message",
  words: [
    '"v"',
    '"w"',
    '"x"',
    ":",
    ",",
    "{",
    "}",
    "[",
    "]",
    "null",
    "1.0",
    '"@me"',
    '"_"',
    '".."',
    '"%2F"',
    '"\\ud800"',
    '"/"',
    '"\\u0000"',
  ],
  check(input) {
    const message = messageOf(input)
    for (const [to, route] of routes) {
      const outcome = route.outcomeOf(message)
      checkOutcome(outcome)
      for (const channel of outcome.kind === "publish" ? outcome.channels : []) {
        const parts = channel.split("/")
        hold(`${channel} has the parts of ${to}`, parts.length === to.split("/").length)
        hold(`${channel} is not whoever asks`, parts[1] !== "@me")
        hold(
          `${channel} is a user's own where ${to} says so`,
          parts[1]?.startsWith("@") === to.startsWith("/@"),
        )
      }
    }
    const text = writeDeadLetter(message, { ingest: "a", reason: utf8(input), bytesMax: 2000 })
    hold("a dead letter is within its bound", new TextEncoder().encode(text).length <= 2000)
    const letter = readDeadLetter(text)
    hold("a dead letter can be read", letter !== null)
    if (letter && letter.missing === null)
      agree("a body read again", [...(letter.message.body ?? [])], [...input])
  },
  work: { bytesMax: 64 * 1024, run: (input) => routes[0]?.[1].outcomeOf(messageOf(input)) },
}
