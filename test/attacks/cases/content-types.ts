// Messages that would be a page, a script or a style if their type were believed: each is served as something that does nothing.
import type { Attack } from "../attack.ts"

const types = [
  "text/html",
  "text/html; charset=utf-8",
  "TEXT/HTML",
  "text/html;",
  "text/html,text/plain",
  "text/xml",
  "application/xml",
  "application/xhtml+xml",
  "image/svg+xml",
  "image/svg+xml; charset=utf-8",
  "application/rss+xml",
  "application/atom+xml",
  "application/mathml+xml",
  "text/xsl",
  "application/javascript",
  "text/javascript",
  "application/ecmascript",
  "text/ecmascript",
  "application/x-javascript",
  "module",
  "text/css",
  "application/wasm",
  "application/pdf",
  "application/x-shockwave-flash",
  "application/java-archive",
  "multipart/x-mixed-replace; boundary=x",
  "text/cache-manifest",
  "application/manifest+json",
  "text/vtt",
  "text/event-stream",
  "message/rfc822",
  "application/x-msdownload",
  "text/x-html",
  "text/plain; charset=utf-7",
  "application/signed-exchange;v=b3",
  "application/octet-stream",
  "text/plain",
]

const harmless = /^(text\/plain|application\/json|application\/octet-stream|image\/(png|jpeg|gif|webp))\b/

export const contentTypes: Attack = {
  name: "publishes pages and scripts under 37 content types and has others fetch them",
  async run(server) {
    const findings: string[] = []
    const body = "<script>document.title='owned'</script>"
    for (const [at, type] of types.entries()) {
      const channel = `/open/page-${at}`
      const published = await server.asAttacker(channel, {
        method: "POST",
        headers: { "Content-Type": type },
        body,
      })
      if (published.status >= 500) findings.push(`${type} was answered ${published.status}`)
      if (published.status !== 201) continue
      const { headers } = await server.asAttacker(channel)
      const served = headers.get("content-type") ?? ""
      if (!harmless.test(served)) findings.push(`${type} is served as ${served}`)
      if (headers.get("x-content-type-options") !== "nosniff") findings.push(`${type} may be sniffed`)
      if (!headers.get("content-security-policy")?.includes("sandbox"))
        findings.push(`${type} is served without a sandbox`)
    }
    return findings
  },
}
