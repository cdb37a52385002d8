// Lists of all nodes, page by page: one node after the other, in the order of their runs. Who is there from the first page
// to the last is on exactly one, and nothing is kept between two pages.
import { LabaError } from "../../../../wire/error.ts"
import type { Params, NodePage } from "../../../cluster/nodes.ts"
import { parsePageCursor, printPageCursor } from "../../../paging/page-cursor.ts"
import type { Call, BackendContext } from "../backend.ts"
import { cursorOf, limitOf } from "./query.ts"

/** A page, and its printed `next`. */
type ListPage = Omit<NodePage, "next"> & { readonly next: string | null }

/** A page of one node's list, of the first of `runs` on. Throws `bad_query`, `bad_cursor` and `engine_unavailable`. */
export async function listPage(
  { nodes }: BackendContext,
  call: Call,
  { runs, ...what }: Pick<Params<"list">, "of" | "user"> & { readonly runs: readonly string[] },
): Promise<ListPage> {
  const limit = limitOf(call)
  const { run, slot } = placeOf(cursorOf(call))
  const [at, after] = [...runs].sort().filter((one) => run === null || one >= run)
  if (at === undefined) return nothing
  const page = await nodes
    .call(at, "list", { ...what, from: at === run ? slot : 0, limit })
    .catch((error: unknown) => {
      // It went away meanwhile, and its part of the list with it.
      if (error instanceof LabaError && error.code === "gone") return { ...nothing, next: null }
      throw error
    })
  const next =
    page.next === null
      ? (after ?? null) && `${after}.${printPageCursor(0)}`
      : `${at}.${printPageCursor(page.next)}`
  return { connections: page.connections, users: page.users, next }
}

const nothing: ListPage = { connections: [], users: [], next: null }

/** Reads `<run>.<slot>`, or a slot alone. */
function placeOf(cursor: string | null): { readonly run: string | null; readonly slot: number } {
  const [, run, slot] = /^([0-9a-z]{1,16})\.(.*)$/.exec(cursor ?? "") ?? []
  return run === undefined
    ? { run: null, slot: parsePageCursor(cursor) }
    : { run, slot: parsePageCursor(slot ?? null) }
}
