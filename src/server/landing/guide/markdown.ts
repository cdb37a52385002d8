// Turns the guide's Markdown into HTML: the part of Markdown that the guide is written in, and no more. Its input is
// our own pages; text is escaped all the same, because code in them is full of `<`.
import { escape } from "../bilingual.ts"

/** Where a link leads, or null when it leads nowhere from here: then only its text is shown. */
type Resolve = (target: string) => string | null

export function renderMarkdown(source: string, resolve: Resolve): string {
  const lines = source.split("\n")
  const html: string[] = []
  for (let i = 0; i < lines.length;) {
    const block = blocks.find(({ begins }) => begins.test(lines[i] as string)) ?? paragraph
    const end = block.endOf(lines, i)
    html.push(block.render(lines.slice(i, end), (text) => inline(text, resolve)))
    i = end
  }
  return html.join("\n")
}

interface Block {
  readonly begins: RegExp
  /** The line after the block's last one. */
  endOf(lines: readonly string[], begin: number): number
  render(lines: readonly string[], inline: (text: string) => string): string
}

/** Lines from `begin` on while they are of the block; the first always is. */
const endWhile = (of: (line: string) => boolean) => (lines: readonly string[], begin: number) => {
  const end = lines.findIndex((line, i) => i > begin && !of(line))
  return end < 0 ? lines.length : end
}

const fence: Block = {
  begins: /^```/,
  endOf(lines, begin) {
    const close = lines.findIndex((line, i) => i > begin && line.startsWith("```"))
    return close < 0 ? lines.length : close + 1
  },
  render: (lines) => `<pre tabindex="0"><code>${escape(lines.slice(1, -1).join("\n"))}</code></pre>`,
}

const heading: Block = {
  begins: /^#{1,4} /,
  endOf: (_, begin) => begin + 1,
  render([line = ""], inline) {
    const level = line.indexOf(" ")
    const text = line.slice(level + 1)
    return `<h${level} id="${anchorOf(text)}">${inline(text)}</h${level}>`
  },
}

const cellsOf = (line: string): string[] =>
  line
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"))

const table: Block = {
  begins: /^\|/,
  endOf: endWhile((line) => line.startsWith("|")),
  render([head = "", , ...rows], inline) {
    const row = (line: string, cell: "td" | "th") =>
      `<tr>${cellsOf(line)
        .map((text) => `<${cell}>${inline(text)}</${cell}>`)
        .join("")}</tr>`
    const body = rows.map((line) => row(line, "td")).join("")
    return `<div class="wide" tabindex="0"><table><thead>${row(head, "th")}</thead><tbody>${body}</tbody></table></div>`
  },
}

const list = (begins: RegExp, tag: "ol" | "ul"): Block => ({
  begins,
  endOf: endWhile((line) => begins.test(line) || /^ +\S/.test(line)),
  render(lines, inline) {
    const items = lines
      .join("\n")
      .split(new RegExp(`^${begins.source.slice(1)}`, "m"))
      .slice(1)
    return `<${tag}>${items.map((item) => `<li>${inline(item.trim().replaceAll(/\n +/g, "\n"))}</li>`).join("")}</${tag}>`
  },
})

const blank: Block = { begins: /^\s*$/, endOf: (_, begin) => begin + 1, render: () => "" }

const blocks: readonly Block[] = [blank, fence, heading, table, list(/^[-*] /, "ul"), list(/^\d+\. /, "ol")]

const paragraph: Block = {
  begins: /^/,
  endOf: endWhile((line) => !blocks.some(({ begins }) => begins.test(line))),
  render: (lines, inline) => `<p>${inline(lines.join("\n"))}</p>`,
}

/** The anchor of a heading, as code hosts make it: words with dashes between. */
const anchorOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, "")
    .replaceAll(" ", "-")

/** A line break between two Chinese characters is no space. */
const brokenChinese = /([\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])/g

/** The one piece of HTML in the guide: code hosts size a picture by it, and here the stylesheet does. */
const sizedPicture = /<img src="([^"]+)"[^>]* alt="([^"]*)">/g

function inline(text: string, resolve: Resolve): string {
  // Code is taken out first: what stands in it is not Markdown, but it may stand in a link. No page has this character.
  const codes: string[] = []
  const rest = text.replaceAll(brokenChinese, "$1").replaceAll(/`([^`]+)`/g, (_, code: string) => {
    codes.push(`<code>${escape(code)}</code>`)
    return "\uE000"
  })
  return words(rest.replaceAll(sizedPicture, "![$2]($1)"), resolve).replaceAll(
    "\uE000",
    () => codes.shift() as string,
  )
}

function words(text: string, resolve: Resolve): string {
  return escape(text)
    .replaceAll(/&lt;(https?:[^\s&]+)&gt;/g, '<a href="$1">$1</a>')
    .replaceAll(/!\[([^\]]*)\]\(([^)\s]+)\)/g, (_, label: string, target: string) => {
      const source = resolve(target)
      // What cannot be shown is not told of either: it stands beside the words that say it.
      return source === null ? "" : `<img src="${source}" alt="${label}" loading="lazy">`
    })
    .replaceAll(/\[([^\]]*)\]\(([^)\s]+)\)/g, (_, label: string, target: string) => {
      const leads = resolve(target)
      return leads === null ? label : `<a href="${leads}">${label}</a>`
    })
    .replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
    .replaceAll(/(?<!\*)\*([^*\s][^*]*)\*(?!\*)/g, "<em>$1</em>")
}
