// A node without others: what it may be asked, it does itself, at once. Engines in this process have no other way.
import { LabaError } from "../../wire/error.ts"
import type { Answered, Asked, NodeEntry, Nodes, OrderName, Orders } from "./nodes.ts"

interface LoneNodeOptions {
  /** This node as it is now. */
  readonly entry: () => NodeEntry
  readonly orders: Orders
  readonly hasUser: (user: string) => boolean
}

export class LoneNode implements Nodes {
  readonly self: string
  private readonly options: LoneNodeOptions

  constructor(options: LoneNodeOptions) {
    this.options = options
    this.self = options.entry().run
  }

  get list(): readonly NodeEntry[] {
    return [this.options.entry()]
  }

  async nodesOf(user: string): Promise<readonly string[]> {
    return this.options.hasUser(user) ? [this.self] : []
  }

  async ask<Name extends OrderName>(run: string, name: Name, asked: Asked<Name>): Promise<Answered<Name>> {
    if (run !== this.self) throw noSuchNode()
    return carryOut(this.options.orders, name, asked)
  }

  async revoke(): Promise<void> {
    // Whoever revokes has done so here, and there is nobody else.
  }

  async stop(): Promise<void> {}
}

/** Carries out an order of this name. */
export async function carryOut<Name extends OrderName>(
  orders: Orders,
  name: Name,
  asked: Asked<Name>,
): Promise<Answered<Name>> {
  const order = orders[name] as (asked: Asked<Name>) => Answered<Name> | Promise<Answered<Name>>
  return order(asked)
}

export const noSuchNode = (): LabaError =>
  new LabaError("gone", "There is no such connection: it has ended, or never was.")
