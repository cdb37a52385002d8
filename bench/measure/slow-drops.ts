// How many readers a Laba has dropped because they were slow, as it says itself.

/** The count since its start. `base` is its address, without a slash at the end. */
export async function slowDropsOf(base: string): Promise<number> {
  const metrics = await (await fetch(`${base}/_/metrics`)).text()
  return Number(/^laba_drops_total\{reason="slow"\} (\d+)/m.exec(metrics)?.[1] ?? Number.NaN)
}
