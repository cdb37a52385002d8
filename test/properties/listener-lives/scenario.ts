// One run: a hub, an engine that acts when told to, and clients of every kind, led by a list of steps. After each step
// every word that was heard is held against what was published; at the end all is healed, everybody must stand at the
// head, and when they have left nothing may be left of them.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel, Rule } from "../../../src/channels/channel.ts"
import type { Draft } from "../../../src/engines/engine.ts"
import { NodeHub } from "../../../src/hub/node-hub.ts"
import { MessageVariants } from "../../../src/protocols/stomp/message-variant.ts"
import { Counters } from "../../../src/telemetry/counters.ts"
import {
  type Client,
  type ClientWorld,
  LabaClient,
  ManyStreamClient,
  PlainClient,
  type PlainKind,
  type Wanted,
} from "./clients.ts"
import { NodeUnacknowledged } from "../../../src/transports/stomp/unacknowledged-budget.ts"
import { ManualEngine } from "./engine.ts"
import { BrokenPromise } from "./delivery-check.ts"
import { outboxBytesMax } from "./outbox.ts"
import { StompClient } from "./stomp-client.ts"

const channels = ["/a", "/b", "/c"] as Channel[]

/** A message costs some three hundred of them, so that about ten fill the bound. */
const ringBytesMax = 3000

const messageBytesMax = 60

/** Numbers that a step picks with; what they pick among depends on what there is then. */
export interface Step {
  readonly do: keyof typeof actions
  readonly a: number
  readonly b: number
}

const rules: readonly Pick<Rule, "keep" | "slow">[] = [
  { keep: { count: 8, bytes: 1e6, timeMs: 1e6 }, slow: "disconnect" },
  { keep: { count: 8, bytes: 1e6, timeMs: 1e6 }, slow: "latest" },
  { keep: { count: 200, bytes: 1e6, timeMs: 1e6 }, slow: "latest" },
  { keep: null, slow: "latest" },
  { keep: null, slow: "disconnect" },
]

class Scenario {
  readonly counters = new Counters()
  readonly engine: ManualEngine
  readonly hub: NodeHub
  clients: Client[] = []
  readonly world: ClientWorld
  /** Where somebody may have stood. */
  readonly starts: Wanted[] = channels.map((channel) => ({ channel, after: { epoch: "x", offset: 3 } }))
  private readonly ruleOf = new Map<Channel, number>(channels.map((channel, index) => [channel, index]))
  private turns: (() => void)[] = []
  private drafts = 0

  constructor() {
    let engine!: ManualEngine
    this.hub = new NodeHub({
      engine: (events) => (engine = new ManualEngine(events)),
      ruleFor: (channel) => this.ruleFor(channel),
      limits: { outboxBytesMax, pageMessagesMax: 5, ringBytesMax, listenedChannelsMax: 100 },
      counters: this.counters,
      defer: (callback) => void this.turns.push(callback),
    })
    this.engine = engine
    this.world = {
      hub: this.hub,
      counters: this.counters,
      present: 0,
      variants: new MessageVariants(),
      unacknowledged: new NodeUnacknowledged({
        unacknowledgedPerNodeMax: 12,
        unacknowledgedBytesPerNodeMax: 2000,
      }),
      idAt: (channel, { epoch, offset }) => engine.numbered.get(`${channel} ${epoch} ${offset}`),
    }
  }

  ruleFor(channel: Channel): Rule {
    return { pattern: channel, ...(rules[this.ruleOf.get(channel) ?? 0] as Pick<Rule, "keep" | "slow">) }
  }

  setRule(channel: Channel, index: number): void {
    this.ruleOf.set(channel, index % rules.length)
    this.hub.rulesChanged()
  }

  draft(channel: Channel, bytes: number): Draft {
    this.drafts++
    const data = "x".repeat(1 + (bytes % messageBytesMax))
    return { channel, type: "text/plain", data, bytes: data.length, id: `m${this.drafts}` }
  }

  publish(channel: Channel, bytes: number): void {
    Promise.resolve(this.hub.publish(this.draft(channel, bytes))).catch(() => undefined)
  }

  /** One loop turn. */
  turn(): void {
    const due = this.turns
    this.turns = []
    for (const callback of due) callback()
  }

  /** Where one may have stood that comes now: at a known position, one that is over, or none. */
  wanted(channel: Channel, pick: number): Wanted {
    const starts = this.starts.filter((start) => start.channel === channel)
    return pick % 3 === 0 ? { channel, after: null } : (starts[pick % starts.length] as Wanted)
  }

  check(): void {
    for (const client of this.clients) {
      client.check?.()
      for (const { channel, position } of client.checks) if (position) this.remember(channel, position)
    }
    this.clients = this.clients.filter((client) => !client.closed)
    // A page that was missed is fetched whole.
    const slack = channels.length * (ringBytesMax / 2)
    if (this.hub.ringBytes > ringBytesMax + slack)
      throw new BrokenPromise(`rings of ${this.hub.ringBytes} bytes`)
  }

  /** All is healed, and done that is still to do. */
  async settle(): Promise<void> {
    if (this.engine.away) this.engine.comeBack(false)
    for (const client of this.clients) client.outbox.stalled = false
    for (let quiet = 0, rounds = 0; quiet < 3; rounds++) {
      if (rounds > 5000) throw new BrokenPromise("it never comes to rest")
      const isQuiet =
        this.engine.idle && this.turns.length === 0 && !this.clients.some(({ isBusy }) => isBusy)
      for (const client of this.clients) {
        client.outbox.drain()
        client.catchUp?.()
      }
      this.engine.act(0)
      this.engine.deliver(0)
      this.turn()
      await breathe()
      // A client of many words is heard in several turns of the real loop.
      if (this.clients.some(({ isBusy }) => isBusy)) await new Promise((resolve) => setImmediate(resolve))
      this.check()
      quiet = isQuiet ? quiet + 1 : 0
    }
  }

  expectAtHead(): void {
    for (const channel of channels) {
      const tail = this.engine.tail(channel)
      const checks = this.clients.flatMap((client) => client.checks.filter((one) => one.channel === channel))
      for (const one of checks) {
        const { position } = one
        if (position?.epoch !== tail.epoch || position.offset !== tail.offset)
          one.fail(`stands elsewhere than ${tail.epoch}-${tail.offset}`)
      }
      const listeners = this.hub.listenersOf(channel)
      if (listeners !== checks.length)
        throw new BrokenPromise(`${channel}: ${listeners} listeners, not ${checks.length}`)
    }
  }

  expectEmpty(): void {
    const { listenedChannels: channelsHeard, ringBytes } = this.hub
    const { variants, unacknowledged } = this.world
    const left = {
      channelsHeard,
      ringBytes,
      listening: this.engine.listening.size,
      present: this.world.present,
      variants: variants.size,
      unacknowledged: unacknowledged.messages.used,
      unacknowledgedBytes: unacknowledged.bytes.used,
    }
    if (Object.values(left).some((count) => count !== 0))
      throw new BrokenPromise(`left: ${JSON.stringify(left)}`)
  }

  private remember(channel: Channel, after: Position): void {
    if (this.starts.length > 60) this.starts.splice(channels.length, 20)
    this.starts.push({ channel, after })
  }
}

const channelAt = (pick: number): Channel => channels[pick % channels.length] as Channel

const clientAt = ({ clients }: Scenario, pick: number): Client | undefined =>
  clients[pick % Math.max(1, clients.length)]

const plain = (scenario: Scenario, kind: PlainKind, wanted: readonly Wanted[]): void =>
  void scenario.clients.push(new PlainClient(scenario.world, kind, wanted))

/** What may happen, each with how often. */
const actions = {
  publish: [6, (scenario: Scenario, a: number, b: number) => scenario.publish(channelAt(a), b)],
  "publish elsewhere": [
    4,
    (scenario: Scenario, a: number, b: number) => {
      const channel = channelAt(a)
      for (let i = 0; i <= b % 4; i++)
        scenario.engine.append(scenario.draft(channel, b + i), scenario.ruleFor(channel).keep)
    },
  ],
  "open a socket": [
    2,
    (scenario: Scenario, a: number, b: number) =>
      plain(scenario, "socket", [scenario.wanted(channelAt(a), b)]),
  ],
  "open a stream": [
    2,
    (scenario: Scenario, a: number, b: number) =>
      plain(scenario, "stream", [scenario.wanted(channelAt(a), b)]),
  ],
  "hold a poll": [
    2,
    (scenario: Scenario, a: number, b: number) => plain(scenario, "poll", [scenario.wanted(channelAt(a), b)]),
  ],
  "attach channels": [
    1,
    (scenario: Scenario, a: number, b: number) =>
      plain(
        scenario,
        a % 2 ? "socket" : "stream",
        channels.map((channel, index) => scenario.wanted(channel, b + index)),
      ),
  ],
  "open a stream of many": [
    2,
    (scenario: Scenario, _a: number, b: number) =>
      void scenario.clients.push(
        new ManyStreamClient(
          scenario.world,
          channels.map((channel, index) => scenario.wanted(channel, b + index)),
        ),
      ),
  ],
  "open a conversation": [
    2,
    (scenario: Scenario) => void scenario.clients.push(new LabaClient(scenario.world)),
  ],
  "connect in STOMP": [
    2,
    (scenario: Scenario, a: number, b: number) =>
      void scenario.clients.push(new StompClient(scenario.world, a % 2 ? "websocket" : "tcp", b)),
  ],
  "subscribe in STOMP": [
    8,
    (scenario: Scenario, a: number, b: number) => {
      const client = clientAt(scenario, a)
      if (client instanceof StompClient) client.subscribe(scenario.wanted(channelAt(b), a + b), a + b)
    },
  ],
  "unsubscribe in STOMP": [
    3,
    (scenario: Scenario, a: number, b: number) => {
      const client = clientAt(scenario, a)
      if (client instanceof StompClient) client.unsubscribe(channelAt(b), a)
    },
  ],
  acknowledge: [
    6,
    (scenario: Scenario, a: number, b: number) => {
      const client = clientAt(scenario, a)
      if (client instanceof StompClient) client.acknowledge(b)
    },
  ],
  subscribe: [
    8,
    (scenario: Scenario, a: number, b: number) => {
      const client = clientAt(scenario, a)
      if (client instanceof LabaClient) client.subscribe(scenario.wanted(channelAt(b), a + b))
    },
  ],
  unsubscribe: [
    4,
    (scenario: Scenario, a: number, b: number) => {
      const client = clientAt(scenario, a)
      if (client instanceof LabaClient) client.unsubscribe(channelAt(b))
    },
  ],
  leave: [2, (scenario: Scenario, a: number) => clientAt(scenario, a)?.leave()],
  stall: [
    4,
    (scenario: Scenario, a: number) => {
      const client = clientAt(scenario, a)
      if (client) client.outbox.stalled = true
    },
  ],
  "resume and stall": [
    3,
    (scenario: Scenario, a: number, b: number) => {
      plain(scenario, a % 2 ? "socket" : "stream", [scenario.wanted(channelAt(a), b)])
      const client = scenario.clients.at(-1)
      if (client) client.outbox.stalled = true
    },
  ],
  "be slow": [4, (scenario: Scenario, a: number) => clientAt(scenario, a)?.slow()],
  drain: [
    5,
    (scenario: Scenario, a: number, b: number) => {
      const outbox = clientAt(scenario, a)?.outbox
      if (!outbox) return
      outbox.stalled = b % 2 === 0
      outbox.drain()
    },
  ],
  delete: [
    1,
    (scenario: Scenario, a: number) => void scenario.hub.forget(channelAt(a)).catch(() => undefined),
  ],
  "delete elsewhere": [1, (scenario: Scenario, a: number) => scenario.engine.forgetElsewhere(channelAt(a))],
  "change a rule": [1, (scenario: Scenario, a: number, b: number) => scenario.setRule(channelAt(a), b)],
  "lose the engine": [1, (scenario: Scenario) => scenario.engine.leave()],
  "have it back": [
    2,
    (scenario: Scenario, a: number) => {
      if (scenario.engine.away) scenario.engine.comeBack(a % 4 === 0)
    },
  ],
  "the engine acts": [14, (scenario: Scenario, a: number) => scenario.engine.act(a)],
  "the engine delivers": [8, (scenario: Scenario, a: number) => scenario.engine.deliver(a)],
  "a turn": [6, (scenario: Scenario) => scenario.turn()],
} as const satisfies Record<string, readonly [number, (scenario: Scenario, a: number, b: number) => void]>

/** Each thing that may happen, as often as it should be picked. */
export const weighted: readonly Step["do"][] = (Object.keys(actions) as Step["do"][]).flatMap((name) =>
  Array.from({ length: actions[name][0] }, () => name),
)

/** Lives through the steps. Throws `BrokenPromise` where something that is promised is not kept. */
export async function runScenario(steps: readonly Step[]): Promise<void> {
  const scenario = new Scenario()
  for (const { do: name, a, b } of steps) {
    actions[name][1](scenario, a, b)
    await breathe()
    scenario.check()
  }
  await scenario.settle()
  for (const channel of channels)
    scenario.engine.append(scenario.draft(channel, 1), scenario.ruleFor(channel).keep)
  await scenario.settle()
  scenario.expectAtHead()
  for (const client of [...scenario.clients]) client.leave()
  await scenario.settle()
  scenario.expectEmpty()
}

/** Lets promises that are settled run their callbacks. */
async function breathe(): Promise<void> {
  for (let i = 0; i < 25; i++) await Promise.resolve()
}
