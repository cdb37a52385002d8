// A command that was given what it cannot work with.

/** What was given is wrong: whoever started the command need not start it again as it was. The message has no full stop. */
export class Misuse extends Error {}

/** Reads a whole number from a flag. Throws `Misuse`. */
export function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new Misuse(`--${flag} is a whole number from 0 on, not "${text}"`)
}

/** Reads a port from a flag; 0 is any. Throws `Misuse`. */
export function portIn(flag: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new Misuse(`--${flag} is a port from 0 to 65535, not "${text}"`)
}

/** Reads an address from a flag. Throws `Misuse`. */
export function addressIn(flag: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new Misuse(`--${flag} is an address such as https://shop.example, not "${text}"`)
}
