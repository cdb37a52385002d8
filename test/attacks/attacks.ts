// All attacks, in the order in which they are tried: the cheap ones first.
import type { Attack } from "./attack.ts"
import { badCredentialsAtDoors } from "./cases/bad-credentials.ts"
import { contentTypes } from "./cases/content-types.ts"
import { evictedByListening, evictedByPublishing, filledKeys } from "./cases/evicted-history.ts"
import { framingTricks } from "./cases/framing-tricks.ts"
import { hostileNames } from "./cases/hostile-names.ts"
import { manyRules } from "./cases/many-rules.ts"
import { nestedBodies, nestedFrames } from "./cases/nested-frames.ts"
import { racedConnections } from "./cases/raced-bounds.ts"
import { refusingHook } from "./cases/refusing-hook.ts"
import { slowInputs } from "./cases/slow-inputs.ts"
import { sockJsFloods } from "./cases/sockjs-floods.ts"
import { stalledReplays } from "./cases/stalled-replays.ts"
import { stompFloods, stompGarbage, stompTinyMessages } from "./cases/stomp-floods.ts"
import {
  begunFrames,
  heldTransactions,
  refusedTransactions,
  neverAcknowledged,
  unreadStomp,
  neverConnects,
} from "./cases/stomp-holds.ts"
import { unfinishedFragments } from "./cases/unfinished-fragments.ts"
import { unreadAnswers } from "./cases/unread-answers.ts"
import { unreadStreams } from "./cases/unread-streams.ts"

export const attacks: readonly Attack[] = [
  nestedFrames,
  nestedBodies,
  badCredentialsAtDoors,
  contentTypes,
  framingTricks,
  hostileNames,
  refusingHook,
  racedConnections,
  evictedByListening,
  evictedByPublishing,
  filledKeys,
  manyRules,
  unreadAnswers,
  unreadStreams,
  stalledReplays,
  unfinishedFragments,
  slowInputs,
  sockJsFloods,
  ...stompFloods,
  stompTinyMessages,
  stompGarbage,
  heldTransactions,
  refusedTransactions,
  neverAcknowledged,
  unreadStomp,
  begunFrames,
  neverConnects,
]
