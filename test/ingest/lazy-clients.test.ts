// Whoever reads no source loads no client library of a broker: neither a server without `ingest` nor a command.
import { expect, test } from "bun:test"
import { join } from "node:path"

const root = join(import.meta.dir, "../..")

const brokers = /^(?:@nats-io\/|@platformatic\/|amqplib$|mqtt|pg$)/

test("a server and its configuration load no client library of a broker", async () => {
  const program = `import ${JSON.stringify(join(root, "src/server/index.ts"))}; console.log(JSON.stringify(Object.keys(require.cache)))`
  const child = Bun.spawn([process.execPath, "-e", program], { cwd: root, stdout: "pipe", stderr: "inherit" })
  const loaded = JSON.parse(await new Response(child.stdout).text()) as string[]
  const packages = loaded.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
  expect(packages).toContain("zod")
  expect(packages.filter((name) => brokers.test(name))).toEqual([])
}, 30_000)
