// RabbitMQ with its plugin for STOMP over WebSockets, as it comes. Runs only where it is installed.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { webStompConnect, webStompDestination } from "../load/listening.ts"
import { freePort } from "./free-port.ts"
import type { Peer } from "./peer.ts"
import { opensWebSocket, startServer } from "./start.ts"
import { openStompDoor, type StompDoor } from "./stomp-door.ts"

// Not the wrapper on the path: that one becomes another user.
const program = "/usr/lib/rabbitmq/bin/rabbitmq-server"

export const rabbitmq: Peer = {
  name: "rabbitmq",
  ways: ["web-stomp"],
  // Each listener has a queue of its own, and each publisher fills all of them by itself.
  hasOneOrder: false,
  missing: () => (existsSync(program) ? undefined : "RabbitMQ is not installed (Debian: rabbitmq-server)"),
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "bench-rabbitmq-"))
    for (const name of ["home", "mnesia", "log"]) mkdirSync(join(folder, name))
    const [port, amqp, distribution, names] = [freePort(), freePort(), freePort(), freePort()]
    await Bun.write(join(folder, "plugins"), "[rabbitmq_web_stomp].")
    await Bun.write(
      join(folder, "rabbitmq.conf"),
      `listeners.tcp.1 = 127.0.0.1:${amqp}\nstomp.listeners.tcp = none\nweb_stomp.tcp.ip = 127.0.0.1\nweb_stomp.tcp.port = ${port}\n`,
    )
    const environment = {
      HOME: join(folder, "home"),
      RABBITMQ_NODENAME: `bench${port}@localhost`,
      RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
      RABBITMQ_LOG_BASE: join(folder, "log"),
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
      // The server itself takes the place of the script that starts it, so that it, and not the script, is what is ended.
      RUNNING_UNDER_SYSTEMD: "1",
      // The daemon that knows the names of nodes outlives them, so this one is its own.
      ERL_EPMD_PORT: String(names),
      RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    }
    const url = `ws://127.0.0.1:${port}/ws`
    const server = await startServer({
      command: ["env", ...Object.entries(environment).map(([name, value]) => `${name}=${value}`), program],
      portIn: () => port,
      ready: () => opensWebSocket(url),
      gauged: false,
      startSecondsMax: 45,
      cleanUp() {
        Bun.spawnSync(["epmd", "-port", String(names), "-kill"])
        rmSync(folder, { recursive: true, force: true })
      },
    })
    let door: StompDoor
    try {
      door = await openStompDoor({
        url,
        connect: webStompConnect,
        destinationOf: webStompDestination,
      })
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return {
      ...server,
      publishPort: door.port,
      async [Symbol.asyncDispose]() {
        door.close()
        await server[Symbol.asyncDispose]()
      },
    }
  },
}
