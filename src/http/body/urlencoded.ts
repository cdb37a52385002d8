// Reads `application/x-www-form-urlencoded`, of bodies and of queries, on bytes and strictly: `formData()` and
// `URLSearchParams` let broken escapes stand and put U+FFFD where the text is not UTF-8.

interface Field {
  readonly name: string
  /** Unescaped, and not yet known to be text. */
  readonly value: Uint8Array
}

/**
 * The fields with one of the wanted names, in order; null when there is a broken escape anywhere. Names are ASCII. One
 * pass, one buffer: a hundred thousand unwanted fields cost no objects.
 */
export function readFields(bytes: Uint8Array, wanted: readonly string[]): readonly Field[] | null {
  const fields: Field[] = []
  const decoded = new Uint8Array(bytes.length)
  let length = 0
  let start = 0
  let equals = -1
  for (let i = 0; i <= bytes.length; i++) {
    const byte = i < bytes.length ? (bytes[i] as number) : ampersand
    if (byte === ampersand) {
      const nameEnd = equals < 0 ? length : equals
      const name = wanted.find((word) => isWord(word, decoded, start, nameEnd))
      if (name !== undefined) fields.push({ name, value: decoded.subarray(nameEnd, length) })
      start = length
      equals = -1
    } else if (byte === equalsSign && equals < 0) {
      equals = length
    } else if (byte === percent) {
      const high = hexadecimal(bytes[i + 1])
      const low = hexadecimal(bytes[i + 2])
      if (high < 0 || low < 0) return null
      decoded[length++] = high * 16 + low
      i += 2
    } else {
      decoded[length++] = byte === plus ? space : byte
    }
  }
  return fields
}

const ampersand = 0x26
const equalsSign = 0x3d
const percent = 0x25
const plus = 0x2b
const space = 0x20

function isWord(word: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== word.length) return false
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word.charCodeAt(i)) return false
  return true
}

function hexadecimal(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
