// Java's own HttpClient as it comes, and its WebSocket.
import { join } from "node:path"
import { followsBy } from "./followed.ts"

followsBy("Java", {
  cwd: join(import.meta.dir, "java"),
  command: () => [process.env["LABA_JAVA"] as string, "-Dfile.encoding=UTF-8", "Listeners.java"],
  // A machine may set options for every JVM, which then says so on standard error.
  environment: { JAVA_TOOL_OPTIONS: undefined },
  clients: {
    "HttpClient, long-poll": "messages",
    "HttpClient, event stream": "events",
    "WebSocket, raw": "messages",
    "WebSocket, laba.v1": "messages",
  },
})
