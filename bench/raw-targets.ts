// What does it cost to see the path as it came: routes for each depth, compared with the URL, beside `fetch` alone?
// A bare server, so that what is compared is the way in and not what a publish does.
import { join } from "node:path"
import { Publishing } from "./load/publishing.ts"
import { readFlags } from "./measure/flags.ts"
import { cpuMicrosecondsOf } from "./measure/process-cost.ts"
import { machine, printLine, printTable } from "./measure/report.ts"
import { inLine, rounded, spreadOf, spreadOfRatios } from "./measure/spread.ts"
import { portInAddress, startServer } from "./peers/start.ts"

const flags = readFlags({ publishers: 16, rounds: 7, seconds: 2, warmSeconds: 1, messageBytes: 120 })

const paths = ["/a", "/orders/42", "/shops/7/orders/42/items", "/caf%C3%A9/42"]
const arms = ["fetch", "routes"] as const
type Arm = (typeof arms)[number]

async function measure(arm: Arm, path: string): Promise<number> {
  const command = [process.execPath, join(import.meta.dir, "raw-targets/server.ts"), arm]
  await using server = await startServer({ command, portIn: portInAddress, gauged: false })
  const run = async (seconds: number): Promise<number> => {
    const publishing = await Publishing.open({
      port: server.port,
      publishers: flags.publishers,
      messageBytes: flags.messageBytes,
      aim: (_publisher, sent) => ({ path, number: sent }),
      onFault: (what) => {
        throw new Error(what)
      },
    })
    const before = cpuMicrosecondsOf(server.pid)
    publishing.start()
    await Bun.sleep(seconds * 1000)
    await publishing.stop()
    const cpu = cpuMicrosecondsOf(server.pid) - before
    const { published } = publishing
    publishing.close()
    return cpu / published
  }
  await run(flags.warmSeconds)
  return await run(flags.seconds)
}

printLine("raw-targets", { machine: machine(), flags })
const rows: string[][] = []
for (const path of paths) {
  const figures: Record<Arm, number[]> = { fetch: [], routes: [] }
  // Turn by turn and each first in turn, so that both see the same machine.
  for (let round = 0; round < flags.rounds; round++) {
    for (const arm of round % 2 === 0 ? arms : arms.toReversed()) figures[arm].push(await measure(arm, path))
  }
  const ratio = spreadOfRatios(figures.routes, figures.fetch)
  const medians = arms.map((arm) => spreadOf(figures[arm]))
  printLine("raw-targets", {
    path,
    rounds: flags.rounds,
    fetchCpuMicroseconds: inLine(medians[0] as never),
    routesCpuMicroseconds: inLine(medians[1] as never),
    timesFetch: inLine(ratio),
  })
  rows.push([path, ...medians.map(({ median }) => String(rounded(median))), String(rounded(ratio.median))])
}
printTable("Server CPU a POST, µs", ["path", "fetch", "routes", "× fetch"], rows)
