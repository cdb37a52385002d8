// Attacks on a server as for production: what does each cost it, and does anybody get what they should not?
// Prints a JSON line an attack, with its measures, and exits with 1 when one had any success.
import { readFlags } from "../../bench/measure/flags.ts"
import { attacks } from "./attacks.ts"
import { measure } from "./measure.ts"

const flags = readFlags({
  /** Only those whose name holds this. */
  only: "",
})

let findings = 0
for (const attack of attacks.filter(({ name }) => name.includes(flags.only))) {
  const measured = await measure(attack)
  findings += measured.findings.length
  console.log(JSON.stringify(measured))
}
process.exit(findings > 0 ? 1 : 0)
