// Gives the channels that are open already the rules that hold now: a slice at a time, since there may be a million. Whatever
// is opened meanwhile has the new rule already.
import type { Channel, Rule } from "../channels/channel.ts"
import type { Audience } from "./audience/audience.ts"

/** Channels whose rule is looked up in one turn: about 2 ms. */
const sliceMax = 2000

export class RuleRenewal {
  private readonly audiences: ReadonlyMap<Channel, Audience>
  private readonly ruleFor: (channel: Channel) => Rule
  private left: Iterator<Audience> | null = null

  constructor(audiences: ReadonlyMap<Channel, Audience>, ruleFor: (channel: Channel) => Rule) {
    this.audiences = audiences
    this.ruleFor = ruleFor
  }

  /** Begins anew when it is under way. */
  start(): void {
    this.left = this.audiences.values()
    this.renewSlice()
  }

  private renewSlice(): void {
    for (let i = 0; i < sliceMax; i++) {
      const next = this.left?.next()
      if (!next || next.done) {
        this.left = null
        return
      }
      next.value.rule = this.ruleFor(next.value.channel)
    }
    setImmediate(() => this.renewSlice())
  }
}
