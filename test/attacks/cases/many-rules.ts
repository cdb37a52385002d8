// A configuration with twenty thousand rules, as a program may write one: it is checked and started in seconds.
import type { Attack } from "../attack.ts"

export const manyRules: Attack = {
  name: "is configured with twenty thousand rules",
  config: {
    channels: Object.fromEntries(
      Array.from(
        { length: 20_000 },
        (_, at) => [`/tenants/${at}/**`, { listen: "token", publish: "key" }] as const,
      ),
    ),
  },
  // Starting is in it: a loop that was held is seen by the first look.
  bounds: { heldMsMax: 8000 },
  run: async (server) =>
    (await server.asAttacker("/tenants/7/x")).status === 401 ? [] : ["a rule was not kept"],
}
