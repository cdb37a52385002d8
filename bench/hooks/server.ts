// Laba with the application of the bench inside it, or behind a hook when a port is named: `server.ts [port concurrency [signed]]`.
import { serve } from "../../src/server/index.ts"

const [port, concurrency = "256", signed] = process.argv.slice(2)

const laba = await serve({
  listen: { port: 0 },
  ...(port === undefined
    ? { onMessage: ({ data }) => ({ publish: false, reply: data }) }
    : {
        hooks: [
          {
            pattern: "/bench",
            transport: `http://127.0.0.1:${port}/`,
            concurrency: Number(concurrency),
            privateAddresses: ["127.0.0.1"],
            ...(signed && { secret: "the secret of the bench, 32 bytes or more" }),
          },
        ],
      }),
})

console.log(laba.url)
process.on("SIGTERM", () => void laba.close().then(() => process.exit(0)))
