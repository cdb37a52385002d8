// The grammar of an Idempotency-Key, whichever way it comes.
import { LabaError } from "../../wire/error.ts"
import { idempotencyKeyCharsMax } from "../../wire/limits.ts"

const keyGrammar = /^[\x21-\x7e]+$/

/** Checks an Idempotency-Key, from a frame or a header: printable ASCII without spaces. Throws `bad_key`. */
export function checkIdempotencyKey(key: string): string {
  if (key.length <= idempotencyKeyCharsMax && keyGrammar.test(key)) return key
  throw new LabaError(
    "bad_key",
    `An Idempotency-Key is 1 to ${idempotencyKeyCharsMax} printable ASCII characters without spaces.`,
  )
}
