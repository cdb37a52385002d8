// Amounts are whole numbers of the smallest unit of a currency; how many of them make one is ISO 4217's to say. Kept as a
// table: runtimes disagree (HUF and IDR have two digits there and none in some browsers), and a list must not depend on who writes it.

const digits: Readonly<Record<number, string>> = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
  3: "BHD IQD JOD KWD LYD OMR TND",
  4: "CLF UYW",
}

const digitsOf = new Map(
  Object.entries(digits).flatMap(([count, names]) =>
    names.split(" ").map((name): [string, number] => [name, Number(count)]),
  ),
)

/** Digits after the point in a currency: 2 for most, 0 for JPY, 3 for KWD. */
export const minorDigits = (currency: string): number => digitsOf.get(currency) ?? 2

/** An amount in the smallest unit as people write it, without the currency: 1990 is `19.90` in CNY and `1990` in JPY. */
export function amountText(amount: number, currency: string): string {
  const after = minorDigits(currency)
  const text = String(Math.abs(amount)).padStart(after + 1, "0")
  const point = text.length - after
  return `${amount < 0 ? "-" : ""}${text.slice(0, point)}${after === 0 ? "" : `.${text.slice(point)}`}`
}
