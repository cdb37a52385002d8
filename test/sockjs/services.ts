// A server with services of SockJS, one of each kind.
import type { ServeOptions } from "../../src/server/index.ts"
import { startServer } from "../support/server.ts"

/** One service of each kind. What is sent to `/echo` is heard by all of its sessions. */
export const services = {
  paths: {
    "/websocket": "stomp",
    "/live": { protocol: "laba" },
    "/echo": { protocol: "raw", channel: "/echoes" },
  },
} as const

export const startSockJs = (options: ServeOptions = {}) => startServer({ sockjs: services, ...options })
