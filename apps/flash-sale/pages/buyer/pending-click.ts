// What of a press outlives a reload of the tab: its key and its item while it has no answer, and which item was chosen.
import { remembered } from "../remembered.ts"

/** A press that is on its way to an answer. */
export interface PendingClick {
  readonly key: string
  readonly item: string
}

export class PendingClicks {
  private readonly sale: string

  constructor(sale: string) {
    this.sale = sale
  }

  /** The item that this tab has chosen of several. */
  get wanted(): string | null {
    return this.click?.item ?? remembered("session").get(`item ${this.sale}`)
  }

  keepWanted(item: string): void {
    remembered("session").set(`item ${this.sale}`, item)
  }

  /** The press that was on its way when the page was left; null for none. */
  get click(): PendingClick | null {
    const text = remembered("session").get(`press ${this.sale}`)
    return text === null ? null : (JSON.parse(text) as PendingClick)
  }

  begin(click: PendingClick): PendingClick {
    this.keepWanted(click.item)
    remembered("session").set(`press ${this.sale}`, JSON.stringify(click))
    return click
  }

  /** It has an answer. */
  end(): void {
    remembered("session").forget(`press ${this.sale}`)
  }
}
