// A node as a program of its own, so that it can be killed: its options as JSON in its arguments, its address on a line.
// Users are named by the query.
import { serve, type ConfigInput } from "../../src/server/index.ts"
import { namesUsers } from "../backend-api/stage.ts"

const input = JSON.parse(process.argv[2] ?? "{}") as ConfigInput
const laba = await serve({ ...input, onConnect: namesUsers, logTo: () => {} })
process.on("SIGTERM", () => void laba.close().then(() => process.exit(0)))
console.log(laba.url)
