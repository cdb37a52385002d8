// Sets up a client, a model server and the network between them, all on one clock that the test moves.
import type { Environment, PageEvent } from "../../client/environment.ts"
import { connect } from "../../client/connect.ts"
import type { Laba } from "../../client/laba.ts"
import type { Options } from "../../client/options.ts"
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts"
import { ModelNetwork } from "./model-network.ts"
import { ModelServer } from "./model-server.ts"

export interface Simulation {
  readonly laba: Laba
  readonly server: ModelServer
  readonly network: ModelNetwork
  readonly clock: FakeClock
  /** Errors that reached nobody. */
  readonly reported: unknown[]
  readonly stored: Map<string, string>
  /** Something happened to the page. */
  page(event: PageEvent): void
}

type Setup = (parts: Pick<Simulation, "server" | "network" | "clock" | "stored">) => void

/** Numbers from 0 to 1 that are the same in every run. */
export function createRandom(seed = 1): () => number {
  let state = seed >>> 0
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
}

/** `setup` may change server and network before the client starts. */
export function startSimulation(options: Options = {}, setup: Setup = () => {}): Simulation {
  const clock = createFakeClock()
  const server = new ModelServer()
  const network = new ModelNetwork(server, clock)
  const stored = new Map<string, string>()
  const reported: unknown[] = []
  let keys = 0
  let tellPage = (_event: PageEvent): void => {}
  const environment: Environment = {
    socket: network.socket,
    fetch: network.fetch,
    eventSource: null,
    storage: {
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => void stored.set(key, value),
    },
    clock,
    page(heard) {
      tellPage = heard
      return () => {
        tellPage = () => {}
      }
    },
    random: createRandom(),
    key: () => `k${++keys}`,
    report: (error) => void reported.push(error),
  }
  setup({ server, network, clock, stored })
  // Given as null it would count as brought by the application.
  const { eventSource: _none, ...parts } = environment
  const laba = connect("http://model.test", { ...parts, ...options })
  return { laba, server, network, clock, reported, stored, page: (event) => tellPage(event) }
}
