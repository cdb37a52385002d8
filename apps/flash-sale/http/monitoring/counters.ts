// What has happened since the start, for the metrics: admitted, refused by reason, and how long a decision took; and how each
// sale has gone, for its operator.
import type { SaleChanges } from "../../book/sale-transaction.ts"
import type { Sale } from "../../book/sale.ts"
import type { RefusalCode } from "../../model/wire/refusal.ts"
import { Course } from "./course.ts"
import { Waits } from "./waits.ts"

export class Counters {
  admitted = 0
  repeated = 0
  readonly refused = new Map<RefusalCode, number>()
  /** From ticket to decision, of all sales: a place on the wait-list is one too. */
  readonly decisions = new Waits()
  private readonly courses = new Map<Sale, Course>()

  refuse(sale: Sale, code: RefusalCode): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
    this.of(sale).refuse(code)
  }

  /** What a committed transaction changed. */
  note(sale: Sale, told: SaleChanges): void {
    for (const { changedAt, admittedAt } of told.decided) this.decisions.add((changedAt - admittedAt) / 1000)
    const course = this.courses.get(sale)
    if (course) course.note(told.tickets)
    // What it is read from has that already.
    else this.of(sale)
  }

  of(sale: Sale): Course {
    let course = this.courses.get(sale)
    if (!course) {
      course = new Course(sale)
      this.courses.set(sale, course)
    }
    return course
  }

  /** Once a second: where each sale's curves go on. */
  look(sales: readonly Sale[]): void {
    for (const sale of sales) this.of(sale).look()
  }

  /** A sale that is not here any more. */
  forget(sale: Sale): void {
    this.courses.delete(sale)
  }
}
