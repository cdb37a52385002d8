// The seed of everything in the tests that is random: properties, fuzzing, kills. Where a change is judged (CI) it is always the
// same, since what is found there should be of the change and not of luck; elsewhere each run has its own, and says which.
const fixed = 20_261_121

/** LABA_SEED repeats a run whose seed was printed. A whole number from 1 to 2^31. */
export const seed =
  Number(process.env["LABA_SEED"]) || (process.env["CI"] ? fixed : 1 + Math.floor(Math.random() * 2 ** 31))
