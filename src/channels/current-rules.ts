// The rules in use. Who needs a rule asks when it is needed, so that a reload holds at once.
import type { Channel, Rule } from "./channel.ts"
import type { Rules } from "./rules.ts"

export class CurrentRules {
  private rules: Rules

  constructor(rules: Rules) {
    this.rules = rules
  }

  use(rules: Rules): void {
    this.rules = rules
  }

  for(channel: Channel): Rule {
    return this.rules.for(channel)
  }

  keepsPresence(channel: Channel): boolean {
    return this.rules.keepPresence && this.rules.for(channel).presence === true
  }
}
