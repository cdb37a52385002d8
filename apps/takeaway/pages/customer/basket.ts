// What somebody is about to order, at one shop.
import type { ShopWithMenu } from "../../model/shop.ts"

/** As the desk has it: more is refused there. */
const countMax = 99

export class Basket {
  private readonly counts = new Map<string, number>()

  count(dish: string): number {
    return this.counts.get(dish) ?? 0
  }

  add(dish: string, by: number): void {
    const count = Math.min(this.count(dish) + by, countMax)
    if (count > 0) this.counts.set(dish, count)
    else this.counts.delete(dish)
  }

  clear(): void {
    this.counts.clear()
  }

  get isEmpty(): boolean {
    return this.counts.size === 0
  }

  get pieces(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }

  get lines(): { dish: string; count: number }[] {
    return [...this.counts].map(([dish, count]) => ({ dish, count }))
  }

  /** Cents, at the menu's prices. What counts is what the desk makes of it. */
  totalAt(shop: ShopWithMenu): number {
    return shop.dishes.reduce((sum, { id, price }) => sum + price * this.count(id), 0)
  }
}
