// The command line of `flash-sale verify`: finds the books and Laba, prints the verdict, and says by its exit code what it
// came to.
import { Ledger } from "../ledger/ledger.ts"
import { labaAccess, notedLaba } from "./laba-note.ts"
import { labaReader } from "./laba-reader.ts"
import type { Verdict } from "./verdict.ts"
import { isClean, printVerdict, verify, verifyBooks } from "./verify.ts"

export interface VerifyGiven {
  readonly directory: string
  readonly ledger: string
  /** Where Laba is. Default: where the shop has noted it. */
  readonly laba: string | undefined
  /** Leave the channels out. */
  readonly booksOnly: boolean
  /** Read so many channels at most. */
  readonly channelsMax: number
  readonly json: boolean
}

/** 0: all holds. 1: a promise is broken. 3: nothing is broken in what could be read, but Laba did not answer. */
export type VerifyExit = 0 | 1 | 3

export async function verifyCommand(given: VerifyGiven): Promise<VerifyExit> {
  const verdict = await verdictOn(given)
  console.log(given.json ? JSON.stringify(verdict) : printVerdict(verdict))
  if (!isClean(verdict)) return 1
  return "failed" in verdict.channels ? 3 : 0
}

async function verdictOn({ directory, ledger, laba, booksOnly, channelsMax }: VerifyGiven): Promise<Verdict> {
  const now = Date.now()
  if (booksOnly) return verifyBooks(ledger, now)
  const url = laba ?? notedLaba(directory)
  const access = url === null ? null : accessTo(ledger, url)
  if (access === null)
    return { ...verifyBooks(ledger, now), channels: { skipped: "no shop has run on these books" } }
  return verify({ path: ledger, now, read: labaReader(access), channelsMax })
}

function accessTo(ledger: string, url: string) {
  const database = Ledger.read(ledger)
  try {
    return labaAccess(database, url, {
      key: process.env["FLASH_SALE_LABA_KEY"],
      listenSecret: process.env["FLASH_SALE_LISTEN_SECRET"],
    })
  } finally {
    database.close()
  }
}
