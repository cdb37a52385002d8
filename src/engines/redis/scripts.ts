// The scripts of the engine, each a file beside the others, with what they share in front.
import { defineScript } from "../../redis/script.ts"
import forgetLua from "./scripts/forget.lua" with { type: "text" }
import forgetSourcesLua from "./scripts/forget-sources.lua" with { type: "text" }
import historyLua from "./scripts/history.lua" with { type: "text" }
import leaveLua from "./scripts/leave.lua" with { type: "text" }
import publishLua from "./scripts/publish.lua" with { type: "text" }
import restartVoteLua from "./scripts/restart-vote.lua" with { type: "text" }
import sharedLua from "./scripts/shared.lua" with { type: "text" }
import stateLua from "./scripts/state.lua" with { type: "text" }
import tailsLua from "./scripts/tails.lua" with { type: "text" }
import tendLua from "./scripts/tend.lua" with { type: "text" }

export const scripts = {
  publish: defineScript("publish", publishLua, sharedLua),
  history: defineScript("history", historyLua, sharedLua),
  state: defineScript("state", stateLua, sharedLua),
  tails: defineScript("tails", tailsLua, sharedLua),
  leave: defineScript("leave", leaveLua, sharedLua),
  forget: defineScript("forget", forgetLua, sharedLua),
  forgetSources: defineScript("forget-sources", forgetSourcesLua, sharedLua),
  tend: defineScript("tend", tendLua, sharedLua),
  restartVote: defineScript("restart-vote", restartVoteLua),
}
