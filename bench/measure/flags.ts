// Reads `--flag value` after a bench's name. The defaults say which flags there are and what they take; a wrong flag
// ends the bench with the list of right ones.

type FlagValue = number | string | boolean | readonly number[] | readonly string[]
type Widened<V> = V extends number ? number : V extends boolean ? boolean : V extends string ? string : V
type Read<F> = { -readonly [K in keyof F]: F[K] extends readonly (infer E)[] ? Widened<E>[] : Widened<F[K]> }

/** The flags given, over the defaults. Lists are written with commas, a boolean is true when its flag is there. */
export function readFlags<const F extends Record<string, FlagValue>>(defaults: F): Read<F> {
  const flags: Record<string, FlagValue> = { ...defaults }
  const words = Bun.argv.slice(2)
  for (let at = 0; at < words.length; at++) {
    const [flag = "", joined] = (words[at] as string).split("=", 2)
    const name = flag.replace(/^--/, "").replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    const before = defaults[name]
    if (!flag.startsWith("--") || before === undefined) stopWith(flag, defaults)
    if (typeof before === "boolean") {
      flags[name] = joined !== "false"
      continue
    }
    const word = joined ?? words[++at] ?? stopWith(flag, defaults)
    flags[name] = parse(before as FlagValue, word) ?? stopWith(flag, defaults)
  }
  return flags as Read<F>
}

function parse(before: FlagValue, word: string): FlagValue | undefined {
  if (typeof before === "string") return word
  if (typeof before === "number") return Number.isFinite(Number(word)) ? Number(word) : undefined
  const parts = word.split(",")
  if (typeof (before as readonly unknown[])[0] === "string") return parts
  const numbers = parts.map(Number)
  return numbers.every(Number.isFinite) ? numbers : undefined
}

function stopWith(flag: string, defaults: Record<string, FlagValue>): never {
  if (flag !== "--help") console.error(`${flag}: not a flag, or its value is wrong.`)
  console.log("Flags, with what they are without being given:")
  for (const [name, value] of Object.entries(defaults)) {
    console.log(`  --${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${String(value)}`)
  }
  process.exit(flag === "--help" ? 0 : 2)
}
