// A node without others: its methods are called here, at once. Engines in this process have no other way.
import { LabaError } from "../../wire/error.ts"
import { noOtherSessions } from "./session-directory.ts"
import type { LocalUsers, NodeInfo, NodeMethod, NodeMethods, Nodes, Params, Result } from "./nodes.ts"

interface SingleNodeOptions {
  /** This node as it is now. */
  readonly info: () => NodeInfo
  readonly methods: NodeMethods
  readonly users: LocalUsers
}

export class SingleNode implements Nodes {
  readonly self: string
  readonly sessions = noOtherSessions
  private readonly options: SingleNodeOptions

  constructor(options: SingleNodeOptions) {
    this.options = options
    this.self = options.info().run
  }

  get list(): readonly NodeInfo[] {
    return [this.options.info()]
  }

  async nodesOf(user: string): Promise<readonly string[]> {
    return this.options.users.countOfUser(user) > 0 ? [this.self] : []
  }

  async call<Name extends NodeMethod>(run: string, name: Name, asked: Params<Name>): Promise<Result<Name>> {
    if (run !== this.self) throw noSuchNode()
    return invoke(this.options.methods, name, asked)
  }

  async revoke(): Promise<void> {
    // Whoever revokes has done so here, and there is nobody else.
  }

  async stop(): Promise<void> {}
}

/** Calls a method by its name. */
export async function invoke<Name extends NodeMethod>(
  methods: NodeMethods,
  name: Name,
  asked: Params<Name>,
): Promise<Result<Name>> {
  const method = methods[name] as (asked: Params<Name>) => Result<Name> | Promise<Result<Name>>
  return method(asked)
}

export const noSuchNode = (): LabaError =>
  new LabaError("gone", "There is no such connection: it has ended, or never was.")
