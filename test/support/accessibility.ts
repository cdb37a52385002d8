// What axe finds on a page: what keeps people from using it who cannot see it, or have no mouse.
import { readFileSync } from "node:fs"
import type { Page } from "playwright-core"

interface Violation {
  readonly id: string
  readonly impact: "minor" | "moderate" | "serious" | "critical" | null
  readonly nodes: readonly { readonly target: readonly unknown[] }[]
}

interface Axe {
  run(context: unknown, options: object): Promise<{ readonly violations: readonly Violation[] }>
}

/** Read when it is needed: an editor that looks at the tests need not have it. */
const source = (): string => readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8")

/** How wide a phone's page is, and a computer's. */
const widths = [390, 1280] as const

/** What is moderate or worse on a page at each width, in words: rule, where. Minor findings are taste. */
export async function findingsOn(page: Page): Promise<string[]> {
  await page.evaluate(source())
  const found: string[] = []
  for (const width of widths) {
    await page.setViewportSize({ width, height: 844 })
    const violations = await page.evaluate(async () => {
      const { axe } = window as unknown as { axe: Axe }
      return (await axe.run(document, { resultTypes: ["violations"] })).violations
    })
    for (const { id, impact, nodes } of violations.filter((one) => one.impact !== "minor"))
      found.push(`${width}: ${impact}: ${id} at ${nodes.map(({ target }) => target.join(" ")).join(", ")}`)
  }
  return found
}
