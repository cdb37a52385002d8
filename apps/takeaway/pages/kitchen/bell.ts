// The kitchen's bell. Browsers keep a page silent until somebody has tapped on it; until then it says that it cannot ring.

type Ringing = "silent" | "soft" | "loud"

/** Seconds between two rings. Who has not looked after a reminder hears little else. */
const pauseMs: Readonly<Record<Ringing, number>> = { silent: 0, soft: 3500, loud: 1300 }

export class Bell {
  private context: AudioContext | null = null
  private ringing: Ringing = "silent"
  private timer: ReturnType<typeof setTimeout> | null = null
  private readonly changes: (() => void)[] = []

  constructor() {
    // Any tap will do.
    addEventListener("pointerdown", () => this.wake(), { once: true })
  }

  /** Whether it could be heard. A browser without sound has nothing to be woken. */
  get isAwake(): boolean {
    return typeof AudioContext === "undefined" || this.context?.state === "running"
  }

  onChange(change: () => void): void {
    this.changes.push(change)
  }

  /** Within a tap: lets it be heard from now on. */
  wake(): void {
    if (typeof AudioContext === "undefined" || this.isAwake) return
    if (!this.context) {
      this.context = new AudioContext()
      this.context.addEventListener("statechange", () => {
        for (const change of this.changes) change()
      })
    }
    void this.context.resume().catch(() => {})
  }

  ring(how: Ringing): void {
    if (how === this.ringing) return
    this.ringing = how
    document.documentElement.dataset["ringing"] = how
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    this.strike()
  }

  private strike(): void {
    if (this.ringing === "silent") return
    this.timer = setTimeout(() => this.strike(), pauseMs[this.ringing])
    const isLoud = this.ringing === "loud"
    // Like sound: not before the first tap.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(isLoud ? [300, 100, 300] : 200)
    if (this.context?.state !== "running") return
    const { context } = this
    for (const [at, hertz] of (isLoud ? [988, 784, 988, 784] : [784, 1047]).entries())
      note(context, { hertz, at: at * 0.17, volume: isLoud ? 0.6 : 0.25 })
  }
}

/** One stroke: a tone that dies away. */
function note(
  context: AudioContext,
  { hertz, at, volume }: { readonly hertz: number; readonly at: number; readonly volume: number },
): void {
  const start = context.currentTime + at
  const tone = context.createOscillator()
  const gain = context.createGain()
  tone.type = "triangle"
  tone.frequency.value = hertz
  gain.gain.setValueAtTime(volume, start)
  gain.gain.exponentialRampToValueAtTime(0.001, start + 0.6)
  tone.connect(gain).connect(context.destination)
  tone.start(start)
  tone.stop(start + 0.6)
}
