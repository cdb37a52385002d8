// Makes an input that breaks something as small as it can be while it still does: pieces are left out, the big ones first.

/** `breaks` is asked at most so often. */
const triesMax = 400

export async function shrink(
  input: Uint8Array,
  breaks: (smaller: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let best = input
  let tries = 0
  for (let piece = Math.ceil(best.length / 2); piece >= 1; piece = piece === 1 ? 0 : Math.ceil(piece / 2)) {
    for (let at = 0; at < best.length && tries < triesMax;) {
      const smaller = new Uint8Array([...best.subarray(0, at), ...best.subarray(at + piece)])
      tries++
      if (await breaks(smaller)) best = smaller
      else at += piece
    }
  }
  return best
}
