// A figure that was measured several times: its median, and how far the others lie.

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Figures that are not numbers (nothing was measured) are left out; NaN when none is left. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = figures.filter(Number.isFinite).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1
      ? (sorted[middle] as number)
      : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}

/** The spread of each pair's ratio. Pairs are of the same round, so that a machine's mood falls out of it. */
export function spreadOfRatios(figures: readonly number[], over: readonly number[]): Spread {
  return spreadOf(figures.map((figure, round) => figure / (over[round] ?? Number.NaN)))
}

/** At most four significant digits, so that a line can be read. */
export function rounded(figure: number): number | null {
  return Number.isFinite(figure) ? Number(figure.toPrecision(4)) : null
}

/** A spread as it is printed in a JSON line: `[median, min, max]`. */
export function inLine(spread: Spread): (number | null)[] {
  return [rounded(spread.median), rounded(spread.min), rounded(spread.max)]
}
