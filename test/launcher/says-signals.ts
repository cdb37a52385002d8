// What the launcher's tests start instead of Laba: says which signals reach it, and ends with 7 at SIGTERM.
process.on("SIGINT", () => console.log("<SIGINT>"))
process.on("SIGHUP", () => process.exit(7))
process.on("SIGTERM", () => {
  console.log("<SIGTERM>")
  process.exit(7)
})
// A test that fails leaves nothing behind for longer than this.
setTimeout(() => process.exit(1), 60_000)
console.log(`<ready ${process.pid}>`)
