// A node of the shop: says that it has started, and when it is asked to end, that it stops. Killed, it says nothing.
import { publish } from "../../kit/laba/laba-calls.ts"
import { deploys } from "../channels/names.ts"
import { accessOfChild } from "./child.ts"
import type { Deploy, DeployEvent } from "./deploy.ts"

const [node = "web-1", version = "1", first = "started"] = process.argv.slice(2)
const access = accessOfChild()

function say(event: DeployEvent): Promise<void> {
  const id = `${node}-${process.pid}-${event}`
  const deploy: Deploy = { id, node, event, version: Number(version), pid: process.pid, at: Date.now() }
  return publish(access, deploys, deploy, { once: id })
}

// Before the first word: who hears it may ask us to end at once.
process.once("SIGTERM", () => {
  say("stopped").then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
await say(first === "restarted" ? "restarted" : "started")
// The work of a node would be here.
setInterval(() => {}, 60_000)
