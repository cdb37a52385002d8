// nchan: nginx with one worker, history on as in Laba's default rule. Runs only where nginx and the module are installed.
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "./free-port.ts"
import type { Peer, StartOptions } from "./peer.ts"
import { startServer } from "./start.ts"

const modulePaths = [
  "/usr/lib/nginx/modules/ngx_nchan_module.so",
  "/usr/lib64/nginx/modules/ngx_nchan_module.so",
]
const nginx = Bun.which("nginx") ?? (existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : null)
const nchanModule = modulePaths.find((path) => existsSync(path))

export const nchan: Peer = {
  name: "nchan",
  ways: ["websocket", "sse"],
  missing: () =>
    nginx && nchanModule ? undefined : "nginx with nchan is not installed (Debian: libnginx-mod-nchan)",
  async start(options = {}) {
    const folder = mkdtempSync(join(tmpdir(), "bench-nchan-"))
    const port = freePort()
    const path = join(folder, "nginx.conf")
    await Bun.write(path, configuration({ folder, port, ...options }))
    return await startServer({
      command: [nginx as string, "-c", path, "-p", folder, "-e", join(folder, "error.log")],
      portIn: () => port,
      ready: () => answers(port),
      gauged: false,
      cleanUp: () => rmSync(folder, { recursive: true, force: true }),
    })
  },
}

const configuration = (at: StartOptions & { folder: string; port: number }): string => `
load_module ${nchanModule};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${at.folder}/nginx.pid;
error_log ${at.folder}/error.log error;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path ${at.folder}/body;
  proxy_temp_path ${at.folder}/proxy;
  fastcgi_temp_path ${at.folder}/fastcgi;
  uwsgi_temp_path ${at.folder}/uwsgi;
  scgi_temp_path ${at.folder}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  nchan_shared_memory_size 4G;
  server {
    listen 127.0.0.1:${at.port} backlog=4096;
    location = /_/live { return 200; }
    location / {
      nchan_publisher http;
      nchan_subscriber websocket eventsource;
      nchan_channel_id $uri;
      nchan_subscriber_first_message newest;
      nchan_message_buffer_length ${at.historyCount ?? 100};
      nchan_message_timeout ${at.historySeconds ?? 60}s;
      nchan_websocket_ping_interval 25s;
      nchan_eventsource_ping_interval 25s;
    }
  }
}
`

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/_/live`)).ok
  } catch {
    return false
  }
}
