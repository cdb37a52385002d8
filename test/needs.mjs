// What a test file needs beyond Bun, told by its suffix: `resume.browser.test.ts` needs a browser. For each need, how to
// find it here and what to say when it is missing.
import { execFileSync } from "node:child_process"
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))

/**
 * `find` answers null when the need is missing, else what the tests should see in their environment.
 * `missing` completes the sentence "skipped, because there is …".
 */
export const needs = {
  browser: {
    missing: "no Chromium (install `chromium`, or name one with LABA_CHROMIUM)",
    find: () => named("LABA_CHROMIUM", onPath("chromium", "google-chrome", "chromium-browser")),
  },
  caddy: {
    missing: "no Caddy (install `caddy`, or name one with LABA_CADDY)",
    find: () => named("LABA_CADDY", onPath("caddy")),
  },
  deno: {
    missing: "no Deno (install `deno`, or name one with LABA_DENO)",
    find: () => named("LABA_DENO", onPath("deno")),
  },
  go: {
    missing:
      "no Go 1.20 or newer with the modules of test/languages/go (install it and run `go mod download` there, or name one with LABA_GO)",
    find: () => withModules(named("LABA_GO", onPath("go") ?? executable("/usr/local/go/bin/go"))),
  },
  java: {
    missing: "no Java 17 or newer (install `default-jdk-headless`, or name one with LABA_JAVA)",
    find: () => withCompiler(named("LABA_JAVA", onPath("java"))),
  },
  kafka: {
    missing:
      "no Java 17 or newer with Kafka's jars (run `mvn dependency:copy-dependencies` in test/support/brokers/kafka, or name a folder of them with LABA_KAFKA_LIB)",
    find: () => withKafka(named("LABA_JAVA", onPath("java"))),
  },
  mount: {
    missing: "no right to mount a small disk (run as root on Linux)",
    find: () => (process.platform === "linux" && process.getuid?.() === 0 && mounts() ? {} : null),
  },
  mosquitto: {
    missing: "no Mosquitto (install `mosquitto`, or name one with LABA_MOSQUITTO)",
    find: () => named("LABA_MOSQUITTO", onPath("mosquitto") ?? executable("/usr/sbin/mosquitto")),
  },
  nats: {
    missing:
      "no nats-server (`go install github.com/nats-io/nats-server/v2@v2.15.2`, install Debian's, or name one with LABA_NATS_SERVER)",
    find: () => named("LABA_NATS_SERVER", onPath("nats-server") ?? executable("/usr/sbin/nats-server")),
  },
  nginx: {
    missing: "no nginx (install `nginx` and `libnginx-mod-nchan`, or name one with LABA_NGINX)",
    find: () => named("LABA_NGINX", onPath("nginx") ?? executable("/usr/sbin/nginx")),
  },
  node: {
    missing: "no Node 24 or newer (install it, or name one with LABA_NODE)",
    find: () => named("LABA_NODE", nodeFrom(24)),
  },
  npm: {
    missing: "no answer from the npm registry",
    find: () =>
      run("npm", "view", "npm", "version", "--fetch-retries=0", "--fetch-timeout=10000") ? {} : null,
  },
  postgres: {
    missing: "no PostgreSQL (install `postgresql`, or name its `postgres` with LABA_POSTGRES)",
    find: () => named("LABA_POSTGRES", onPath("postgres") ?? debianPostgres()),
  },
  python: {
    missing:
      "no Python with the packages of test/languages/python/requirements.txt (name one that has them with LABA_PYTHON)",
    find: () => withPackages(named("LABA_PYTHON", onPath("python3"))),
  },
  rabbitmq: {
    missing: "no RabbitMQ (install `rabbitmq-server`)",
    find: () => (executable("/usr/lib/rabbitmq/bin/rabbitmq-server") ? {} : null),
  },
  redis: {
    missing: "no redis-server (install `redis-server`, or name one with LABA_REDIS_SERVER)",
    find: () => named("LABA_REDIS_SERVER", onPath("redis-server")),
  },
  spring: {
    missing:
      "no Java 17 or newer with Spring's jars (run `mvn dependency:copy-dependencies` in examples/seckill/spring, or name a folder of them with LABA_SPRING_LIB)",
    find: () => withSpring(withCompiler(named("LABA_JAVA", onPath("java")))),
  },
}

/** The needs in a file's name, in order: `a.redis.browser.test.ts` has two, `a.test.ts` none. */
export function needsOf(path) {
  const file = path.slice(path.lastIndexOf("/") + 1)
  const found = file.split(".").slice(1, -2).sort()
  for (const need of found) {
    if (!Object.hasOwn(needs, need)) {
      throw new Error(`${path}: no such need as "${need}"; known are ${Object.keys(needs).join(", ")}`)
    }
  }
  return found
}

function named(variable, found) {
  const path = process.env[variable] ? executable(process.env[variable]) : found
  return path === null ? null : { [variable]: path }
}

function onPath(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      const path = folder && executable(join(folder, name))
      if (path) return path
    }
  }
  return null
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK)
    return path
  } catch {
    return null
  }
}

/** Debian keeps PostgreSQL off the path, a folder a version. */
function debianPostgres() {
  const folder = "/usr/lib/postgresql"
  const versions = existsSync(folder) ? readdirSync(folder) : []
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0]
  return newest ? executable(join(folder, newest, "bin/postgres")) : null
}

/** A container may be root and still not be allowed to. */
function mounts() {
  const folder = mkdtempSync(join(tmpdir(), "laba-mount-"))
  const can = run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)
  if (can) run("umount", folder)
  rmSync(folder, { recursive: true })
  return can
}

function nodeFrom(major) {
  return Number.parseInt(process.versions.node, 10) >= major ? process.execPath : null
}

/** Modules are not fetched in the middle of a test. */
function withModules(found) {
  if (found === null) return null
  const asked = ["-C", join(here, "languages/go"), "list", "-mod=readonly", "-deps", "."]
  return runWith({ GOPROXY: "off" }, found.LABA_GO, ...asked) ? found : null
}

/** A program of one file is compiled by whoever runs it. */
function withCompiler(found) {
  return found !== null &&
    run(found.LABA_JAVA, "--list-modules", "--limit-modules", "jdk.compiler,java.net.http")
    ? found
    : null
}

function withPackages(found) {
  const names =
    "aiohttp, aiohttp_sse_client2, httpx_sse, requests, requests_sse, sseclient, stomp, websockets"
  return found !== null && run(found.LABA_PYTHON, "-c", `import ${names}`) ? found : null
}

/** Jars are not fetched in the middle of a test. */
function withSpring(found) {
  const folder = process.env.LABA_SPRING_LIB || join(here, "../examples/seckill/spring/target/dependency")
  const jars = existsSync(folder) ? readdirSync(folder) : []
  return found !== null && jars.some((name) => /^spring-boot-[34]\./.test(name))
    ? { ...found, LABA_SPRING_LIB: folder }
    : null
}

function withKafka(found) {
  const folder = process.env.LABA_KAFKA_LIB || join(here, "support/brokers/kafka/target/dependency")
  const jars = existsSync(folder) ? readdirSync(folder) : []
  return found !== null && jars.some((name) => name.startsWith("kafka_2"))
    ? { ...found, LABA_KAFKA_LIB: folder }
    : null
}

function run(command, ...args) {
  return runWith({}, command, ...args)
}

function runWith(environment, command, ...args) {
  try {
    execFileSync(command, args, {
      env: { ...process.env, ...environment },
      stdio: "ignore",
      timeout: 30_000,
      shell: process.platform === "win32",
    })
    return true
  } catch {
    return false
  }
}
