// The kinds of sources, as the configuration names them: the one place that lists them.
import type { SourceKind } from "./source.ts"

export const sourceKinds: readonly SourceKind[] = []
