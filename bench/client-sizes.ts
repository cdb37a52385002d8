// What do the clients weigh that the guide compares: minified, gzipped, each built alone by Bun from its published package?
// Fetches the packages by npm into a folder that is deleted again; nothing of them is run.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildClient } from "../client/build.ts"
import { readFlags } from "./measure/flags.ts"
import { printLine, printTable } from "./measure/report.ts"

readFlags({})

/** The versions of the table in docs/guide/client.md. */
const packages: readonly (readonly [name: string, version: string, source?: string])[] = [
  ["centrifuge", "5.8.0"],
  ["pusher-js", "8.6.0"],
  ["socket.io-client", "4.8.4"],
  ["ably", "2.28.0"],
  // What a page would take of it that wants channels over WebSocket and no more.
  ["ably", "2.28.0", 'export { BaseRealtime, FetchRequest, WebSocketTransport } from "ably/modular"'],
  ["partysocket", "1.3.0"],
]

const folder = await mkdtemp(join(tmpdir(), "laba-client-sizes-"))
const rows: string[][] = []
try {
  const wanted = new Set(packages.map(([name, version]) => `${name}@${version}`))
  await Bun.write(join(folder, "package.json"), "{}")
  const npm = Bun.spawnSync(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", ...wanted], {
    cwd: folder,
  })
  if (npm.exitCode !== 0) throw new Error(npm.stderr.toString())
  note("laba", await buildClient("module"))
  for (const [index, [name, version, source]] of packages.entries()) {
    const entry = join(folder, `${index}.ts`)
    await Bun.write(entry, source ?? `import * as all from "${name}"; globalThis.all = all`)
    const build = await Bun.build({ entrypoints: [entry], minify: true, target: "browser", format: "esm" })
    const code = await (build.outputs[0] as Blob).text()
    const label = `${name} ${version}${source === undefined ? "" : ", in parts"}`
    note(label, { code, gzipBytes: Bun.gzipSync(code, { level: 9 }).length })
  }
} finally {
  await rm(folder, { recursive: true })
}
printTable("Clients for browsers", ["", "minified KB", "gzipped KB"], rows)

function note(
  client: string,
  { code, gzipBytes }: { readonly code: string; readonly gzipBytes: number },
): void {
  const minifiedBytes = Buffer.byteLength(code)
  printLine("client-sizes", { client, minifiedBytes, gzipBytes })
  rows.push([client, ...[minifiedBytes, gzipBytes].map((bytes) => (bytes / 1000).toFixed(1))])
}
