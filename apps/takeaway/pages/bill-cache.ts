// All bills that a page knows, each in its newest version, whichever way it came: from the database or from the channel.
import type { BillRecord } from "../model/bill.ts"

export class BillCache {
  private readonly bills = new Map<number, BillRecord>()

  /** False: it was known in this version, or a newer one. */
  put(bill: BillRecord): boolean {
    const known = this.bills.get(bill.bill)
    // Numbers of a new database begin anew: there a bill that was placed later is another one.
    if (known && known.placedAt > bill.placedAt) return false
    if (known?.placedAt === bill.placedAt && known.version >= bill.version) return false
    this.bills.set(bill.bill, bill)
    return true
  }

  putAll(bills: readonly BillRecord[]): boolean {
    let isNews = false
    for (const bill of bills) isNews = this.put(bill) || isNews
    return isNews
  }

  get(bill: number): BillRecord | undefined {
    return this.bills.get(bill)
  }

  /** The oldest first. */
  get all(): BillRecord[] {
    return [...this.bills.values()].sort((a, b) => a.bill - b.bill)
  }

  clear(): void {
    this.bills.clear()
  }
}
