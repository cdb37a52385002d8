// Python's usual clients, and the parsers of event streams that go with them.
import { join } from "node:path"
import { followsBy } from "./followed.ts"

followsBy("Python", {
  cwd: join(import.meta.dir, "python"),
  command: () => [process.env["LABA_PYTHON"] as string, "-B", "main.py"],
  environment: { PYTHONWARNINGS: "ignore", PYTHONUTF8: "1" },
  clients: {
    "requests, long-poll": "messages",
    "requests and sseclient-py": "events",
    "requests-sse": "events",
    "httpx-sse": "events",
    "aiohttp, long-poll": "messages",
    "aiohttp, raw WebSocket": "messages",
    "aiohttp-sse-client2": "events",
    "websockets, raw": "messages",
    "websockets, laba.v1": "messages",
    "stomp.py, STOMP 1.2": "messages",
    "stomp.py, STOMP 1.1": "messages",
  },
})
