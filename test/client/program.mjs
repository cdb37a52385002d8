// A program that is no page, run by Node or Bun with the module build: listens over one transport, publishes, is heard, and
// resumes on a new connection. Prints what it heard, a line each.
const [build, base, transport, channel] = process.argv.slice(2)
const { connect } = await import(build)

const options = { transports: [transport] }
if (transport === "websocket" && !globalThis.WebSocket) {
  // Node before 22 has no WebSocket of its own: the socket is pluggable.
  const { default: WebSocket } = await import("ws")
  options.socket = (url, protocols) => new WebSocket(url, protocols)
}

const first = connect(base, options)
const listened = first.channel(channel)
await listened.ready()
await first.publish(channel, "one")
await first.publish(channel, { two: 2 })
for await (const { data } of listened) {
  console.log(JSON.stringify(data))
  if (data !== "one") break
}
first.close()

const second = connect(base, options)
await second.publish(channel, new Uint8Array([3]))
for await (const { data } of second.channel(channel, { after: listened.cursor })) {
  console.log(JSON.stringify([...data]))
  break
}
second.close()
