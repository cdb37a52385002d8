// The curves and the histogram. Knows how they look, in light and dark; the figures come from outside.
import uPlot from "uplot"
import { clockTime, count } from "../figures.ts"
import { type Bilingual, localize } from "../../../kit/browser/language.ts"
import type { Column } from "../../model/series.ts"

interface Curve {
  readonly name: Bilingual
  /** A CSS variable. */
  readonly color: string
}

const heightPx = 190

const colorOf = (variable: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(variable).trim()

const axis = (): uPlot.Axis => ({
  stroke: () => colorOf("--soft"),
  grid: { stroke: () => colorOf("--edge"), width: 1 },
  ticks: { show: false },
  font: "12px system-ui",
})

/** A chart that fills its place, and goes with its size. */
function fitted(
  place: HTMLElement,
  options: Omit<uPlot.Options, "width" | "height">,
  rows: uPlot.AlignedData,
): uPlot {
  const plot = new uPlot({ ...options, width: place.clientWidth || 320, height: heightPx }, rows, place)
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: heightPx })).observe(place)
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw())
  return plot
}

/** Curves over time. */
export class Curves {
  private readonly place: HTMLElement
  private readonly curves: readonly Curve[]
  private plot: uPlot | null = null

  constructor(id: string, curves: readonly Curve[]) {
    this.place = document.getElementById(id) as HTMLElement
    this.curves = curves
  }

  draw(times: number[], columns: readonly Column[]): void {
    const rows = [times, ...columns] as uPlot.AlignedData
    if (this.plot) return this.plot.setData(rows)
    this.plot = fitted(
      this.place,
      {
        scales: { y: { range: (_, __, max) => [0, Math.max(5, max * 1.1)] } },
        axes: [
          {
            ...axis(),
            space: 80,
            values: (_, at) => at.map((seconds) => clockTime(seconds * 1000)),
          },
          { ...axis(), size: 56 },
        ],
        cursor: { drag: { x: false, y: false } },
        series: [
          {},
          ...this.curves.map(({ name, color }) => ({
            label: localize(name),
            stroke: () => colorOf(color),
            width: 2,
            points: { show: false },
            // Where nobody points it says the newest.
            value: (plot: uPlot, value: number | null, series: number) => {
              const shown = value ?? plot.data[series]?.at(-1) ?? null
              return shown === null ? "–" : count(Math.round(shown))
            },
          })),
        ],
      },
      rows,
    )
  }

  /** The names are part of the chart: another language is another chart. */
  forget(): void {
    this.plot?.destroy()
    this.plot = null
  }
}

/** How many fell between two bounds. */
export class Histogram {
  private readonly place: HTMLElement
  private plot: uPlot | null = null
  private bounds: readonly number[] = []

  constructor(id: string) {
    this.place = document.getElementById(id) as HTMLElement
  }

  draw(boundsSeconds: readonly number[], counts: readonly number[]): void {
    this.bounds = boundsSeconds
    const rows: uPlot.AlignedData = [counts.map((_, at) => at), [...counts]]
    if (this.plot) return this.plot.setData(rows)
    this.plot = fitted(
      this.place,
      {
        scales: {
          x: { time: false, range: [-0.6, counts.length - 0.4] },
          y: { range: (_, __, max) => [0, Math.max(5, max * 1.1)] },
        },
        axes: [
          {
            ...axis(),
            splits: () => counts.map((_, at) => at),
            values: (_, at) => at.map((one) => (one % 3 === 0 ? this.boundName(one) : "")),
          },
          { ...axis(), size: 56 },
        ],
        cursor: { drag: { x: false, y: false } },
        legend: { show: false },
        series: [
          {},
          {
            stroke: () => colorOf("--red"),
            fill: () => colorOf("--red"),
            paths: uPlot.paths.bars?.({ size: [0.8, 60] }) as uPlot.Series.PathBuilder,
            points: { show: false },
          },
        ],
      },
      rows,
    )
  }

  private boundName(at: number): string {
    const bound = this.bounds[at]
    if (bound === undefined) return ">"
    return bound < 1 ? `${bound * 1000}ms` : `${bound}s`
  }
}
