// Sessions that live on another node. A client chooses its session's name, so nothing in it says where it lives: the other nodes are asked once,
// and the answer is remembered.
import { randomUUID } from "node:crypto"
import { LabaError } from "../../../wire/error.ts"
import { BoundedMap } from "../../bounds/bounded-map.ts"
import type { Nodes, SockJsRequest, SockJsResult } from "../../cluster/nodes.ts"
import { keyOf, type SessionClaim } from "./session-claim.ts"

/** How long a node may take to say whether a session lives there. One that does not answer by then has none. */
const findWithinMs = 1000

/** How long another node may take to answer, beside what it holds a poll for. */
const answerWithinMs = 3000

/** Where sessions live is remembered for so many. One that was forgotten is asked for again. */
const rememberedMax = 10_000

type Action =
  | { readonly action: "poll"; readonly holdMs: number; readonly signal: AbortSignal }
  | { readonly action: "send"; readonly messages: readonly string[] }

export class SessionsElsewhere {
  private readonly runs = new BoundedMap<string, string>(rememberedMax)

  /** Has the node where a session lives do it. Null: it lives nowhere. Throws what that node throws, and `engine_unavailable`. */
  async ask(nodes: Nodes, claim: SessionClaim, action: Action): Promise<SockJsResult | null> {
    // Most nodes have no others.
    if (nodes.list.length < 2) return null
    const key = keyOf(claim)
    for (const known of [this.runs.get(key), undefined]) {
      const run = known ?? (await this.find(nodes, claim))
      if (run === null) return null
      this.runs.set(key, run)
      const result = await carryOut(nodes, run, { claim, action }).catch(orNotFound)
      if (result.found) return result
      this.runs.delete(key)
    }
    return null
  }

  private async find(nodes: Nodes, claim: SessionClaim): Promise<string | null> {
    const others = nodes.list.map(({ run }) => run).filter((run) => run !== nodes.self)
    const request = requestOf(claim, { action: "find" })
    const answers = await Promise.all(
      others.map((run) =>
        nodes.call(run, "sockjs", request, findWithinMs).then(
          ({ found }) => (found ? run : null),
          () => null,
        ),
      ),
    )
    return answers.find((run) => run !== null) ?? null
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
