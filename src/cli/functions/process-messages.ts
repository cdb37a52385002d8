// What the runner and the process that holds the functions say to each other.
import type { HookKind } from "../../hooks/remote/remote.ts"

/** A file that exports functions. */
export interface ServedFile {
  /** Without its ending: it is the path that the file is called at. */
  readonly name: string
  readonly pattern: string
  readonly kinds: readonly HookKind[]
}

/** To the functions. */
export type ProcessCommand =
  | { readonly laba: { readonly url: string; readonly key: string | null } }
  | { readonly call: number; readonly file: string; readonly kind: HookKind; readonly event: unknown }

/** From them. */
export type ProcessReport =
  | { readonly ready: readonly ServedFile[] }
  /** They cannot be loaded. */
  | { readonly broken: string }
  | { readonly call: number; readonly answer: unknown }
  | { readonly call: number; readonly failed: string }
