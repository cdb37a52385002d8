// Preloaded into a process whose clock is to be wrong: everything in it that asks for the date is told another one. Timers
// and `performance.now` go on as they are, as on a machine whose date was set wrongly.

/** Milliseconds that the clock is ahead; negative when it is behind. */
export const clockShiftVariable = "LABA_TEST_CLOCK_SHIFT_MS"

/** Milliseconds by which the date is set ahead, or back, at each SIGUSR2. */
export const clockJumpVariable = "LABA_TEST_CLOCK_JUMP_MS"

let shiftMs = Number(process.env[clockShiftVariable] ?? 0)
const jumpMs = Number(process.env[clockJumpVariable] ?? 0)
const RealDate = Date

if (jumpMs !== 0) process.on("SIGUSR2", () => void (shiftMs += jumpMs))

if (shiftMs !== 0 || jumpMs !== 0)
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: [], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [RealDate.now() + shiftMs] : args, newTarget) as Date,
    apply: () => new RealDate(RealDate.now() + shiftMs).toString(),
    get: (target, name) => (name === "now" ? () => RealDate.now() + shiftMs : Reflect.get(target, name)),
  })
