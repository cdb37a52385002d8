// Reads Bun's JUnit report: how the tests of each file ended, and which of them failed first.

/** How the tests of one file ended. */
const nothing = () => ({ passed: 0, failed: 0, skipped: 0, firstFailure: null })

/** By file, as the report names it. A file that broke before its first test is not in it. */
export function readReport(xml) {
  const files = new Map()
  for (const [, attributes, content = ""] of xml.matchAll(
    /<testcase\b([^>]*?)(?:\/>|>([^]*?)<\/testcase>)/g,
  )) {
    const file = attribute(attributes, "file")
    if (!files.has(file)) files.set(file, nothing())
    const counts = files.get(file)
    if (content.includes("<failure")) {
      counts.failed++
      counts.firstFailure ??= [attribute(attributes, "classname"), attribute(attributes, "name")]
        .filter((part) => part !== "")
        .join(" > ")
    } else if (content.includes("<skipped")) counts.skipped++
    else counts.passed++
  }
  return files
}

const entities = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&", "#39": "'", "#x27": "'" }

function attribute(attributes, name) {
  const text = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? ""
  return text.replace(/&([a-z]+|#\w+);/g, (whole, entity) => entities[entity] ?? whole)
}
