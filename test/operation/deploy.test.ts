// The files in deploy/ against what they talk about: paths that exist, a unit that systemd understands, numbers that fit
// each other, a configuration that Laba takes.
import { describe, expect, test } from "bun:test"
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { cp, symlink } from "node:fs/promises"
import { join } from "node:path"
import { parse } from "yaml"
import { parseConfig } from "../../src/config/config.ts"
import { readConfigText } from "../../src/config/loading/config-text.ts"
import { emptyFolder } from "../cli/laba.ts"
import { readText } from "../tree.ts"

const root = join(import.meta.dir, "../..")
const config = parseConfig(readConfigText(readText("deploy/laba.yaml"), "laba.yaml"))
const { limits } = config
const goodbyeSeconds = limits.drainGraceSeconds + limits.drainSeconds
const descriptors = limits.connectionsMax + limits.pollsWaitingMax

test("laba.yaml is a configuration, whose key nobody has", () => {
  expect(config.access.keys.map(({ sha256 }) => sha256)).toEqual(["0".repeat(64)])
  expect(config.access.proxies).toEqual(["127.0.0.1", "::1"])
})

describe("the Dockerfile", () => {
  const text = readText("deploy/Dockerfile")
  const ignored = readText("deploy/Dockerfile.dockerignore")

  test("copies what exists, and what it is let see", () => {
    const sources = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
      (paths as string).split(" "),
    )
    expect(sources.length).toBeGreaterThan(5)
    for (const source of sources) {
      expect([source, existsSync(join(root, source))]).toEqual([source, true])
      expect(ignored).toContain(`\n!${source}\n`)
    }
  })

  test("copies all that a server needs: it starts from nothing else", async () => {
    await using folder = await emptyFolder()
    const sources = [...text.matchAll(/^COPY (?!--from)(\S+) \/laba\/(\S*)$/gm)].map(
      ([, source]) => source as string,
    )
    for (const source of [...sources, "tsconfig.json", "package.json"]) {
      await cp(join(root, source), join(folder.path, source), { recursive: true })
    }
    await symlink(join(root, "node_modules"), join(folder.path, "node_modules"))
    await Bun.write(join(folder.path, "etc/laba.yaml"), "listen: { port: 0 }\n")
    const entry = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(text)?.[1] as string) as string[]
    const main = entry.at(-1)?.replace(/^\/laba/, folder.path) as string
    expect(existsSync(main)).toBeTrue()
    const flags = entry.slice(1, -1).map((flag) => flag.replace("/laba/", `${folder.path}/`))
    const child = Bun.spawn([process.execPath, ...flags, main, "serve"], {
      cwd: join(folder.path, "etc"),
      stdout: "pipe",
      stderr: "inherit",
    })
    try {
      const reader = child.stdout.getReader()
      const { value } = await reader.read()
      const [base] = /http:\S+/.exec(new TextDecoder().decode(value)) ?? [""]
      const health = JSON.parse(/CMD (\[.+"-e".+\])$/m.exec(text)?.[1] as string) as string[]
      const check = (health.at(-1) as string).replace("http://127.0.0.1:8080", base)
      expect(execFileSync(process.execPath, ["-e", check]).toString()).toBe("")
      child.kill("SIGTERM")
      expect(await child.exited).toBe(0)
      expect(() => execFileSync(process.execPath, ["-e", check], { stdio: "ignore" })).toThrow()
    } finally {
      child.kill("SIGKILL")
    }
  })
})

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly stop_grace_period: string
        readonly ulimits: { readonly nofile: { readonly soft: number } }
        readonly sysctls: Readonly<Record<string, number>>
        readonly volumes?: readonly string[]
        readonly command: readonly string[]
      }
    >
  >
}

const composeFiles = [
  ["one-node.compose.yaml", ["laba"]],
  ["compose.yaml", ["laba-1", "laba-2", "laba-3"]],
] as const

describe.each(composeFiles)("%s", (file, nodes) => {
  const { services } = parse(readText(`deploy/${file}`), { merge: true }) as Compose

  test("gives each node time to drain, descriptors for all connections, and the kernel's bounds", () => {
    expect(Object.keys(services).filter((name) => name.startsWith("laba"))).toEqual([...nodes])
    for (const node of nodes) {
      const { stop_grace_period, ulimits, sysctls } = services[node] as Compose["services"][string]
      expect(Number.parseInt(stop_grace_period)).toBeGreaterThan(goodbyeSeconds)
      expect(ulimits.nofile.soft).toBeGreaterThanOrEqual(descriptors + 200)
      for (const [name, value] of Object.entries(sysctls))
        expect(readText("deploy/sysctl.conf")).toContain(`${name} = ${value}`)
    }
  })

  test("mounts what exists", () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) => volumes)
    const ours = mounted.filter((volume) => volume.startsWith("./")).map((volume) => volume.split(":")[0])
    expect(ours.length).toBeGreaterThan(0)
    for (const path of ours)
      expect([path, existsSync(join(root, "deploy", path as string))]).toEqual([path, true])
  })
})

test("the nodes of a cluster have a configuration, whose key nobody has", () => {
  const shared = parseConfig(readConfigText(readText("deploy/cluster/laba.yaml"), "laba.yaml"))
  expect(shared.engine.name).toBe("redis")
  expect(shared.access.keys.map(({ sha256 }) => sha256)).toEqual(["0".repeat(64)])
})

describe("the Caddyfile", () => {
  const text = readText("deploy/caddy/Caddyfile")
  const settings = text.replace(/#.*$/gm, "")

  test("waits longer than two heartbeats and the longest poll, and keeps no request whose client has left", () => {
    for (const name of ["read_timeout", "response_header_timeout"]) {
      const seconds = Number(new RegExp(`${name} (\\d+)s`).exec(settings)?.[1])
      expect([name, seconds]).toEqual([name, expect.any(Number)])
      expect(seconds).toBeGreaterThan(2 * limits.heartbeatSeconds)
      expect(seconds).toBeGreaterThan(limits.pollSecondsMax)
    }
    expect(settings).not.toContain("flush_interval")
  })

  test("keeps the backend API and the metrics inside, and leads to where Laba listens", () => {
    expect(settings).toContain("@inside path /_/api/* /_/metrics")
    expect(settings).toContain(`reverse_proxy 127.0.0.1:${config.listen.port}`)
  })
})

describe("the unit", () => {
  const text = readText("deploy/systemd/laba.service")
  const valueOf = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? ""

  test("gives time to drain and descriptors for all connections", () => {
    expect(Number(valueOf("TimeoutStopSec"))).toBeGreaterThan(goodbyeSeconds)
    expect(Number(valueOf("LimitNOFILE"))).toBeGreaterThanOrEqual(descriptors + 200)
  })

  test("reloads by the signal that reads the configuration again", () => {
    expect(valueOf("ExecReload")).toBe("/bin/kill -HUP $MAINPID")
  })

  test("starts what is in the package", () => {
    const paths = [...valueOf("ExecStart").matchAll(/\/opt\/laba\/node_modules\/laba\/(\S+)/g)].map(
      ([, path]) => path as string,
    )
    expect(paths).toHaveLength(2)
    for (const path of paths) expect([path, existsSync(join(root, path))]).toEqual([path, true])
  })

  test.skipIf(!Bun.which("systemd-analyze"))("is understood by systemd", async () => {
    await using folder = await emptyFolder()
    const unit = join(folder.path, "laba.service")
    await Bun.write(unit, text.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`))
    const { exitCode, stderr } = Bun.spawnSync(["systemd-analyze", "verify", "--man=no", unit])
    const said = stderr
      .toString()
      .split("\n")
      .filter((line) => line.includes("laba"))
    expect([exitCode, said]).toEqual([0, []])
  })
})
