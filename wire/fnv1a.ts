// FNV-1a: a quick hash of a text, for slots and tags. It keeps nobody out: a text for any value is found at once.

/** 32 bits, signed. `start`: the hash of what stands before it. */
export function fnv1a(text: string, start = 0x811c9dc5): number {
  let hash = start
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
