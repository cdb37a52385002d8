// Sessions that live on another node. A client chooses its session's name, so nothing in it says where it lives: the directory of the cluster
// does, and what it said is remembered.
import { randomUUID } from "node:crypto"
import { LabaError } from "../../../wire/error.ts"
import { BoundedMap } from "../../bounds/bounded-map.ts"
import { type Nodes, runOf, type SockJsRequest, type SockJsResult } from "../../cluster/nodes.ts"
import { keyOf, type SessionClaim } from "./session-claim.ts"

/** How long another node may take to answer, beside what it holds a poll for. */
const answerWithinMs = 3000

/** Where sessions live is remembered for so many. One that was forgotten is asked for again. */
const rememberedMax = 10_000

export type Action =
  | { readonly action: "poll"; readonly holdMs: number; readonly signal: AbortSignal }
  | { readonly action: "send"; readonly messages: readonly string[] }

export interface DoneElsewhere extends SockJsResult {
  /** Where none was found: the id of the one that has gone, where its name is taken still. */
  readonly gone?: string
}

export class SessionsElsewhere {
  /** The ids of sessions. */
  private readonly known = new BoundedMap<string, string>(rememberedMax)

  /** Has the node where a session lives do it. Throws what that node throws, and `engine_unavailable`. */
  async ask(nodes: Nodes, claim: SessionClaim, action: Action): Promise<DoneElsewhere> {
    const key = keyOf(claim)
    const known = this.known.get(key)
    if (known !== undefined) {
      const result = await this.askAt(nodes, known, { claim, action })
      if (result.found) return result
    }
    const found = await nodes.sessions.find(key)
    if (found === null) return { found: false }
    return found === known ? { found: false, gone: found } : this.askAt(nodes, found, { claim, action })
  }

  /** The same for a session whose id is known. */
  async askAt(
    nodes: Nodes,
    id: string,
    { claim, action }: { readonly claim: SessionClaim; readonly action: Action },
  ): Promise<DoneElsewhere> {
    const key = keyOf(claim)
    const run = runOf(id)
    // One of this node's own that was not found here is over.
    if (run === nodes.self) return { found: false, gone: id }
    const result = await carryOut(nodes, run, { claim, action }).catch(orNotFound)
    if (result.found) this.known.set(key, id)
    else this.known.delete(key)
    return { ...result, ...(!result.found && { gone: id }) }
  }
}

/** The node has gone, and its sessions with it. */
function orNotFound(error: unknown): SockJsResult {
  if (error instanceof LabaError && error.code === "gone") return { found: false }
  throw error
}

async function carryOut(
  nodes: Nodes,
  run: string,
  { claim, action }: { readonly claim: SessionClaim; readonly action: Action },
): Promise<SockJsResult> {
  if (action.action === "send")
    return nodes.call(run, "sockjs", requestOf(claim, { action: "send", messages: action.messages }))
  const poll = randomUUID()
  const { signal, holdMs } = action
  // What was taken there and does not come to the client is lost, so the session must end.
  const cut = (): void => {
    nodes.call(run, "sockjs", requestOf(claim, { action: "cut", poll })).catch(() => undefined)
  }
  signal.addEventListener("abort", cut, { once: true })
  try {
    return await nodes.call(
      run,
      "sockjs",
      requestOf(claim, { action: "poll", poll }),
      holdMs + answerWithinMs,
    )
  } catch (error) {
    cut()
    throw error
  }
}

const requestOf = (
  { service, name, owner }: SessionClaim,
  more: Omit<SockJsRequest, "service" | "name" | "owner">,
): SockJsRequest => ({ service, name, owner: owner ?? null, ...more })
