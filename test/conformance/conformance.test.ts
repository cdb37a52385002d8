// The conformance suite: what a Laba server must do, for every transport. Set LABA_BASE_URL to run what needs no
// special configuration against a server of your own.
import { badInput } from "./cases/bad-input.ts"
import { names } from "./cases/bad-names.ts"
import { changeTransport } from "./cases/change-transport.ts"
import { deletion } from "./cases/deletion.ts"
import { eventStream } from "./cases/event-stream.ts"
import { idempotency } from "./cases/idempotency.ts"
import { labaFrames } from "./cases/laba-frames.ts"
import { limits } from "./cases/limits.ts"
import { manyChannels } from "./cases/many-channels.ts"
import { newest } from "./cases/newest.ts"
import { order } from "./cases/order.ts"
import { payloads } from "./cases/payloads.ts"
import { polling } from "./cases/polling.ts"
import { rawSocket } from "./cases/raw-socket.ts"
import { reset } from "./cases/reset.ts"
import { resume } from "./cases/resume.ts"
import { upgrades } from "./cases/upgrades.ts"
import { visitors } from "./cases/visitors.ts"
import { runCases } from "./suite.ts"

runCases("order", order)
runCases("payloads", payloads)
runCases("resume", resume)
runCases("reset", reset)
runCases("a client that changes transport", changeTransport)
runCases("raw WebSocket", rawSocket)
runCases("laba.v1", labaFrames)
runCases("event stream", eventStream)
runCases("polling", polling)
runCases("many channels", manyChannels)
runCases("the newest message and HEAD", newest)
runCases("deletion", deletion)
runCases("idempotency", idempotency)
runCases("limits", limits)
runCases("names", names)
runCases("bad input", badInput)
runCases("upgrades", upgrades)
runCases("visitors", visitors)
