// The guide's configuration and what it says of it: read as they stand there.
import { expect, test } from "bun:test"
import { parseConfig } from "../../src/config/config.ts"
import { readConfigText } from "../../src/config/loading/config-text.ts"
import { MessageRoute } from "../../src/ingest/template/message-route.ts"
import { readText } from "../tree.ts"

for (const page of ["docs/guide/ingest.md", "docs/guide/ingest.zh-CN.md"])
  test(`${page} shows a configuration that is one, and what becomes of its message`, () => {
    const text = readText(page)
    const [, yaml = ""] = /```yaml\n(.+?)```/s.exec(text) ?? []
    const { ingest, limits } = parseConfig(readConfigText(yaml, "laba.yaml"))
    const [one] = ingest
    if (!one) throw new Error("The guide has no ingest.")
    const [, body = "", shown = ""] = /\$ echo '(.+?)' \| laba ingest test .+?\n(.+?)```/s.exec(text) ?? []
    const route = new MessageRoute(one.route, one.kind, { limits, checkName() {} })
    const outcome = route.outcomeOf({
      ...{ partition: "p", position: "1", topic: "t", key: null, contentType: null, time: null, fields: {} },
      headers: new Map(),
      body: new TextEncoder().encode(body),
    })
    if (outcome.kind !== "publish") throw new Error(JSON.stringify(outcome))
    expect(shown).toContain(`\n  ${outcome.channels[0]}\n`)
    expect(shown).toContain(`, ${outcome.payload.bytes} bytes\n  ${String(outcome.payload.data)}\n`)
  })
