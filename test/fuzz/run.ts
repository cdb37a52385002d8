// Does any input break a parser, or the server?
// Prints a JSON line a target and exits with 1 when one does. Without --target all of them, each for its share of the time.
import { readFlags } from "../../bench/measure/flags.ts"
import { campaign, type Finding, replay } from "./campaign.ts"
import type { AnyTarget } from "./target.ts"
import { targets } from "./targets.ts"
import { Victim } from "./victim.ts"

const flags = readFlags({
  minutes: 10,
  /** 0: one of its own, which is printed. */
  seed: 0,
  /** A name, or several with commas between. */
  target: "all",
})

const seed = flags.seed || 1 + Math.floor(Math.random() * 2 ** 31)
const names = flags.target === "all" ? targets.map(({ name }) => name) : flags.target.split(",")
const chosen = targets.filter(({ name }) => names.includes(name))
if (chosen.length !== names.length) {
  console.error(`--target is one of ${targets.map(({ name }) => name).join(", ")}`)
  process.exit(2)
}

/** A parser tries a thousand inputs while a server answers a few. */
const weightOf = ({ kind }: AnyTarget): number => (kind === "server" ? 6 : 1)
const weights = chosen.reduce((sum, target) => sum + weightOf(target), 0)
const findings: Finding[] = []

console.log(JSON.stringify({ fuzz: "begin", seed, minutes: flags.minutes, targets: names }))
await using stack = new AsyncDisposableStack()
let victim: Victim | null = null
for (const target of chosen) {
  // Started after the parsers, which leave its healthy listeners no turn to answer a ping in.
  if (target.kind === "server") victim ??= stack.use(await Victim.start())
  const known = await replay(target, victim)
  const seconds = (flags.minutes * 60 * weightOf(target)) / weights
  const report = await campaign(target, victim, { seed, seconds })
  const leftover = target.kind === "server" ? await victim?.leftover() : null
  const left: Finding[] = leftover ? [{ target: target.name, what: leftover, input: null, file: null }] : []
  const found = [...known, ...report.findings, ...left]
  findings.push(...found)
  if (target.kind === "server" && found.length > 0) {
    // What one target did to it is not the next one's.
    await victim?.[Symbol.asyncDispose]()
    victim = null
  }
  console.log(
    JSON.stringify({
      fuzz: target.name,
      seed,
      executions: report.executions,
      seconds: Math.round(report.seconds),
      findings: found,
    }),
  )
}
console.log(
  JSON.stringify({ fuzz: "end", seed, findings: findings.length, ...(victim && { memory: victim.memory }) }),
)
if (findings.length > 0) process.exitCode = 1
