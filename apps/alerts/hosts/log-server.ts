// The log server: a process that publishes a heartbeat while it works. Nobody asks it; whoever wants to know listens.
import { publish } from "../../kit/laba/laba-calls.ts"
import { heartbeatOf } from "../channels/names.ts"
import { accessOfChild } from "./child.ts"

const [host = "log-1", everyMs = "5000"] = process.argv.slice(2)
const access = accessOfChild()
let beats = 0

async function beat(): Promise<void> {
  const number = ++beats
  const report = { host, number, pid: process.pid, at: Date.now() }
  try {
    // A beat that is late is worth nothing: the next one is on its way.
    await publish(access, heartbeatOf(host), report, { once: `${process.pid}-${number}`, triesMax: 1 })
  } catch (error) {
    console.error(`${host}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

void beat()
setInterval(() => void beat(), Number(everyMs))
