import { describe, expect, test } from "bun:test"
import { renderMarkdown } from "./markdown.ts"

const render = (source: string) =>
  renderMarkdown(source, (target) => (target === "gone.md" ? null : `/to/${target}`))

describe("Markdown of the guide", () => {
  test("knows headings with anchors, paragraphs and emphasis", () => {
    expect(render("# A **bold** start\n\none\ntwo *three*")).toBe(
      '<h1 id="a-bold-start">A <strong>bold</strong> start</h1>\n\n<p>one\ntwo <em>three</em></p>',
    )
  })

  test("escapes code and leaves it alone otherwise", () => {
    expect(render("```html\n<b>**x**</b>\n\n# no\n```")).toBe(
      '<pre tabindex="0"><code>&lt;b&gt;**x**&lt;/b&gt;\n\n# no</code></pre>',
    )
    expect(render("`/orders/**` and `<b>`")).toBe("<p><code>/orders/**</code> and <code>&lt;b&gt;</code></p>")
  })

  test("lists keep their continued lines", () => {
    expect(render("- one\n  more\n- two")).toBe("<ul><li>one\nmore</li><li>two</li></ul>")
    expect(render("1. one\n2. two")).toBe("<ol><li>one</li><li>two</li></ol>")
  })

  test("tables have a head and a body, and a pipe may be escaped", () => {
    const html = render("| a | b |\n| --- | --- |\n| `x` | y \\| z |")
    expect(html).toContain("<thead><tr><th>a</th><th>b</th></tr></thead>")
    expect(html).toContain("<tbody><tr><td><code>x</code></td><td>y | z</td></tr></tbody>")
  })

  test("links lead where they are resolved to, and one that leads nowhere is only its text", () => {
    expect(render("[cli](cli.md), [old](gone.md), <http://a.b/c>")).toBe(
      '<p><a href="/to/cli.md">cli</a>, old, <a href="http://a.b/c">http://a.b/c</a></p>',
    )
  })

  test("a picture is shown where it can be, and else is not there", () => {
    expect(render('![A "desk"](desk.md) and ![none](gone.md)')).toBe(
      '<p><img src="/to/desk.md" alt="A &quot;desk&quot;" loading="lazy"> and </p>',
    )
  })

  test("a picture that is sized for code hosts is one as well, and nothing else is HTML", () => {
    expect(render('<img src="desk.md" width="24%" alt="A desk"> <b>x</b>')).toBe(
      '<p><img src="/to/desk.md" alt="A desk" loading="lazy"> &lt;b&gt;x&lt;/b&gt;</p>',
    )
  })

  test("code may stand in a link and in what is stressed", () => {
    expect(render("[`laba on`, and more](cli.md), [`a[0]`](gone.md), **never `**`**")).toBe(
      '<p><a href="/to/cli.md"><code>laba on</code>, and more</a>, <code>a[0]</code>, <strong>never <code>**</code></strong></p>',
    )
  })

  test("joins broken Chinese lines without a space", () => {
    expect(render("叫号的\n喇叭\nand words")).toBe("<p>叫号的喇叭\nand words</p>")
  })
})
