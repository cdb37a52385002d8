// JSONP, htmlfile and the iframe, where they are switched on.
import { expect, test } from "bun:test"
import { eventually } from "../support/eventually.ts"
import { freshSession, openStream, post, send } from "../support/sockjs-session.ts"
import { services, startSockJs } from "./services.ts"

const old = { sockjs: { ...services, oldTransports: true, clientScript: "/sockjs.min.js" } }

test("[J15] are not there unless they are switched on", async () => {
  await using server = await startSockJs()
  for (const path of ["/000/a/jsonp?c=x", "/000/a/htmlfile?c=x", "/iframe.html", "/iframe-1.6.1.html"])
    expect([path, (await fetch(`${server.base}/echo${path}`)).status]).toEqual([path, 404])
  expect((await post(`${server.base}/echo/000/a/jsonp_send`, '["a"]')).status).toBe(404)
})

test("[J15] htmlfile calls a function of the page for each frame, and no message ends the script that it is in", async () => {
  await using server = await startSockJs(old)
  const session = freshSession(`${server.base}/echo`)
  for (const bad of ["", "?c=", "?c=alert(1)", "?callback=%3Cscript%3E"]) {
    const refused = await fetch(`${session}/htmlfile${bad}`)
    expect([refused.status, refused.headers.get("laba-code")]).toEqual([500, "bad_query"])
  }
  await using stream = await openStream(`${session}/htmlfile?c=page.told`, "GET")
  expect(stream.response.headers.get("content-type")).toBe("text/html; charset=UTF-8")
  await eventually(() => expect(stream.frames.seen).toContain('p("o");'))
  const start = stream.frames.seen.join("\n")
  expect(start).toContain("parent.page.told")
  expect(start.length).toBeGreaterThan(1024)
  await send(session, "</script><b>")
  await eventually(() => expect(stream.frames.seen).toContain('p("a[\\"\\u003c/script>\\u003cb>\\"]");'))
})

test("[J15] the iframe's page loads the script that is configured, and is kept by its ETag", async () => {
  await using server = await startSockJs(old)
  const page = await fetch(`${server.base}/echo/iframe-1.6.1.html`)
  expect(await page.text()).toContain('<script src="/sockjs.min.js"></script>')
  expect(page.headers.get("cache-control")).toBe("public, max-age=31536000")
  const etag = page.headers.get("etag") as string
  const again = await fetch(`${server.base}/echo/iframe.html`, { headers: { "If-None-Match": etag } })
  expect([again.status, await again.text()]).toEqual([304, ""])
  await using without = await startSockJs({ sockjs: { ...services, oldTransports: true } })
  expect((await fetch(`${without.base}/echo/iframe.html`)).status).toBe(404)
  expect(startSockJs({ sockjs: { ...old.sockjs, clientScript: '"><script>' } })).rejects.toThrow(
    "clientScript",
  )
})

test("[J15] are for pages of allowed origins, where a browser tells whose page it is", async () => {
  await using guarded = await startSockJs({ ...old, origins: ["https://shop.example"], open: true })
  const paths = ["/jsonp?c=told", "/htmlfile?c=told"]
  const asked = async (path: string, headers: Record<string, string>): Promise<[number, string]> => {
    const abort = new AbortController()
    const url = `${freshSession(`${guarded.base}/echo`)}${path}`
    const { status } = await fetch(url, { headers: { Cookie: "ann", ...headers }, signal: abort.signal })
    abort.abort()
    return [status, path]
  }
  const ofShop = "https://shop.example/basket"
  for (const path of paths) {
    for (const site of ["cross-site", "same-site"]) {
      const from = { "Sec-Fetch-Site": site }
      expect(await asked(path, { ...from, Referer: ofShop })).toEqual([200, path])
      for (const more of [
        {},
        { Referer: "https://evil.example/" },
        { Referer: "https://shop.example.evil/" },
      ])
        expect(await asked(path, { ...from, ...more })).toEqual([403, path])
    }
    for (const site of ["same-origin", "none"])
      expect(await asked(path, { "Sec-Fetch-Site": site })).toEqual([200, path])
    // A browser of before 2012 says nothing.
    expect(await asked(path, {})).toEqual([200, path])
  }
  const form = { "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site" }
  const session = freshSession(`${guarded.base}/echo`)
  expect((await post(`${session}/jsonp_send`, "d=%5B%22x%22%5D", form)).status).toBe(403)
  const iframe = await fetch(`${guarded.base}/echo/iframe.html`)
  expect(iframe.headers.get("content-security-policy")).toBe("frame-ancestors 'self' https://shop.example")
})
