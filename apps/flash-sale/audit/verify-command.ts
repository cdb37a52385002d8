// The command line of `flash-sale verify`: finds the books and Laba, prints the verdict, and says by its exit code what it
// came to.
import { secretIn } from "../../kit/command/secret.ts"
import { Ledger } from "../ledger/ledger.ts"
import { reading, UnreadableBooks } from "../ledger/unreadable.ts"
import { labaAccess, notedLaba } from "./laba-note.ts"
import { labaReader } from "./laba-reader.ts"
import type { Verdict } from "../model/wire/api.ts"
import { isClean, printVerdict, verify, verifyBooks } from "./verify.ts"

interface VerifyGiven {
  readonly directory: string
  readonly ledger: string
  /** Where Laba is. Default: where the shop has noted it. */
  readonly laba: string | undefined
  /** Leave the channels out. */
  readonly booksOnly: boolean
  /** Read the channels of this sale alone. Null: of all. */
  readonly sale: string | null
  readonly json: boolean
}

/** 0: all holds. 1: a promise is broken. 3: nothing is broken in what could be read, but Laba did not answer. */
type VerifyExit = 0 | 1 | 3

/** The exit code of a command that could not read the books: nothing is known of the promises. */
const unreadableExit = 4

/** What a command came to; or says which file is unreadable. */
export async function orUnreadable<Exit>(
  command: () => Exit | Promise<Exit>,
): Promise<Exit | typeof unreadableExit> {
  try {
    return await command()
  } catch (error) {
    if (!(error instanceof UnreadableBooks)) throw error
    console.error(`flash-sale: ${error.message}`)
    return unreadableExit
  }
}

/** Rejects with `UnreadableBooks`. */
export async function verifyCommand(given: VerifyGiven): Promise<VerifyExit> {
  const verdict = await verdictOn(given)
  console.log(given.json ? JSON.stringify(verdict) : printVerdict(verdict))
  if (!isClean(verdict)) return 1
  return "failed" in verdict.channels ? 3 : 0
}

async function verdictOn(given: VerifyGiven): Promise<Verdict> {
  const { directory, ledger, laba, booksOnly, sale } = given
  const now = Date.now()
  if (booksOnly) return verifyBooks(ledger, now)
  const url = laba ?? notedLaba(directory)
  const access = url === null ? null : reading(ledger, () => accessTo(ledger, url))
  if (access === null)
    return { ...verifyBooks(ledger, now), channels: { skipped: "no shop has run on these books" } }
  return verify({ path: ledger, now, read: labaReader(access), sale })
}

function accessTo(ledger: string, url: string) {
  const database = Ledger.read(ledger)
  try {
    return labaAccess(database, url, {
      key: secretIn("FLASH_SALE_LABA_KEY"),
      listenSecret: secretIn("FLASH_SALE_LISTEN_SECRET"),
    })
  } finally {
    database.close()
  }
}
