// Which known word was probably meant ("did you mean …?"), by edit distance.

/** The known word that is at most `editsMax` away from `word`, by default a third of its letters or two; null without one. */
export function nearestWord(word: string, known: readonly string[], editsMax?: number): string | null {
  let best: string | null = null
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const distance = distanceOf(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance && distance <= (editsMax ?? Math.max(2, candidate.length / 3))) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Edits from one word to the other: a letter added, dropped, changed, or two neighbours swapped. */
function distanceOf(from: string, to: string): number {
  let rowBeforeLast: number[] = []
  let lastRow = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = at(lastRow, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1)
      let distance = Math.min(at(lastRow, j) + 1, at(row, j - 1) + 1, changed)
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (swapped) distance = Math.min(distance, at(rowBeforeLast, j - 2) + 1)
      row.push(distance)
    }
    rowBeforeLast = lastRow
    lastRow = row
  }
  return at(lastRow, to.length)
}

const at = (row: readonly number[], i: number): number => row[i] ?? Number.POSITIVE_INFINITY
