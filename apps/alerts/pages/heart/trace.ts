// The trace of a heart: a line that runs from right to left and jumps at each beat. Knows beats by their time and nothing
// else.

/** How a beat looks: how far from its time in seconds, and how high. */
const shape: readonly (readonly [seconds: number, height: number])[] = [
  [-0.28, 0],
  [-0.2, 0.12],
  [-0.12, 0],
  [-0.06, -0.16],
  [0, 1],
  [0.07, -0.34],
  [0.13, 0],
  [0.3, 0.2],
  [0.45, 0],
]

/** From its first bend to its last. */
const shapeSeconds = 0.73

interface TraceOptions {
  /** How much of the past is shown. */
  readonly spanSeconds: number
  /** How far beats are apart: they do not run into each other. */
  readonly everySeconds: number
  readonly color: () => string
}

export class Trace {
  private readonly canvas: HTMLCanvasElement
  private readonly options: TraceOptions
  private beats: number[] = []

  constructor(canvas: HTMLCanvasElement, options: TraceOptions) {
    this.canvas = canvas
    this.options = options
  }

  /** `at` in milliseconds of the page's own clock. */
  beat(at: number): void {
    this.beats.push(at)
  }

  draw(nowMs: number): void {
    const { spanSeconds, everySeconds, color } = this.options
    const { canvas } = this
    const scale = devicePixelRatio
    const width = canvas.clientWidth * scale
    const height = canvas.clientHeight * scale
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
    const pen = canvas.getContext("2d")
    if (!pen) return
    this.beats = this.beats.filter((at) => nowMs - at < (spanSeconds + 1) * 1000)
    // The newest stands a little before the edge, so that the whole of its beat is seen.
    const xOf = (at: number): number => width * (0.97 - (nowMs - at) / 1000 / spanSeconds)
    const yOf = (level: number): number => height * (0.66 - level * 0.5)
    // A beat is drawn as wide as is good to look at, however long the span.
    const stretch = Math.min(Math.max(1, spanSeconds / 14), (everySeconds * 0.85) / shapeSeconds)
    pen.clearRect(0, 0, width, height)
    pen.beginPath()
    pen.moveTo(0, yOf(0))
    for (const at of this.beats)
      for (const [seconds, level] of shape) {
        const x = xOf(at) + (seconds * stretch * width) / spanSeconds
        if (x < width * 0.97) pen.lineTo(x, yOf(level))
      }
    pen.lineTo(width * 0.97, yOf(0))
    pen.lineWidth = 2.5 * scale
    pen.lineJoin = "round"
    pen.strokeStyle = color()
    pen.shadowColor = color()
    pen.shadowBlur = 12 * scale
    pen.stroke()
    pen.beginPath()
    pen.arc(width * 0.97, yOf(0), 4 * scale, 0, 2 * Math.PI)
    pen.fillStyle = color()
    pen.fill()
  }
}
