// A heart for tests: posts to a channel at once and then in its rhythm, until it is killed.
export {}

const [url, everyMs] = process.argv.slice(2)
const beat = async (): Promise<void> => {
  await fetch(url as string, {
    method: "POST",
    body: "beat",
    headers: { "content-type": "text/plain" },
  }).catch(() => {})
}
await beat()
setInterval(() => void beat(), Number(everyMs))
