// Names of what never was before: the runs of nodes, epochs, generations. They stand in cursors and ids.

const letters = "0123456789abcdefghijklmnopqrstuvwxyz"

// Drawn many at a time: over Redis a name goes along with each publish.
const drawn = new Uint8Array(512)
let used = drawn.length

/** So many small letters and digits, at most 512: five bits each. No capitals, so that one may separate what follows. */
export function randomName(chars: number): string {
  if (used + chars > drawn.length) {
    crypto.getRandomValues(drawn)
    used = 0
  }
  let name = ""
  for (const end = used + chars; used < end; used++) name += letters[(drawn[used] as number) % 36]
  return name
}
