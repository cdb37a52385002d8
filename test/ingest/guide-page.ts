// Runs a page of the guide about a source: its configuration, and what its shop writes, with the port of the broker that is there.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { eventually } from "../support/eventually.ts"
import { startProcess } from "../support/process.ts"
import { readText } from "../tree.ts"
import type { ConfigInput } from "../../src/server/index.ts"
import { parse } from "yaml"

const root = join(import.meta.dir, "../..")

/** The history of the user's channel, as the backend API tells it. The port, or address, `from` of the page is `to` here. */
export async function runGuide(
  kind: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<string> {
  const page = readText(`docs/guide/ingest-${kind}.md`)
  const [, yaml = ""] = /```yaml\n(.+?)```/s.exec(page) ?? []
  const [, language = "", program = ""] = /```(sh|js)\n(.+?)```/s.exec(page) ?? []
  const file = `examples/ingest-${kind}/sold.${language === "js" ? "mjs" : "sh"}`
  // Whoever reads the page and whoever opens the example see the same.
  for (const [path, text] of [
    [`examples/ingest-${kind}/laba.yaml`, yaml],
    [file, program],
  ] as const)
    if (!readFileSync(join(root, path), "utf8").endsWith(text))
      throw new Error(`${path} is not what the page says`)
  const config = parse(yaml.replaceAll(from, to)) as ConfigInput
  await using server = await startProcess({ config })
  const ask = async (path: string): Promise<string> => (await fetch(`${server.base}/_/api/${path}`)).text()
  await eventually(async () => {
    const report = await ask("ingest")
    // A stream of NATS is made by who writes to it.
    if (!/"state":"running"|there is no stream/.test(report)) throw new Error(report)
  })
  const command =
    language === "js" ? [process.execPath, join(root, file)] : ["sh", "-c", program.replaceAll(from, to)]
  const child = Bun.spawn(command, {
    env: {
      ...process.env,
      NATS: `127.0.0.1:${to}`,
      KAFKA: `127.0.0.1:${to}`,
      POSTGRES: to,
      RABBITMQ: `amqp://guest:guest@127.0.0.1:${to}`,
    },
    stdout: "ignore",
    stderr: "pipe",
  })
  if ((await child.exited) !== 0) throw new Error(await new Response(child.stderr).text())
  return await eventually(async () => {
    const history = await ask("channels/history?channel=/@42/sales/7")
    if (!history.includes('"messages":[{')) throw new Error(history)
    return history
  })
}
