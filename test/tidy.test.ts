// Holds the shape of the tree: who may import whom, what a file may be called and how long it may be, that rules and
// tests cite each other. Small and dull on purpose; a new wall is a line in a table.
import { expect, test } from "bun:test"
import { filesIn, isComment, isTest, readText, type SourceFile, sourceFiles } from "./tree.ts"

const files = sourceFiles()
/** What runs outside tests: neither a test nor a stage that only tests import. */
const production = files.filter(({ path }) => {
  const importers = files.filter(({ imports }) => imports.includes(path))
  return !isTest(path) && (importers.length === 0 || !importers.every((file) => isTest(file.path)))
})

const contracts = [
  "src/engines/engine.ts",
  "src/engines/inventory.ts",
  "src/engines/source-mark.ts",
  "src/protocols/protocol.ts",
  "src/transports/transport.ts",
]

/** For each folder, all that it may import of our own. */
const mayImport: Record<string, readonly string[]> = {
  "wire/": ["wire/"],
  "client/": ["wire/", "client/"],
  "client/frames/": ["wire/", "client/frames/"],
  // A transport carries frames: it knows neither channels nor who keeps the connection.
  "client/transports/": [
    "wire/",
    "client/environment.ts",
    "client/frames/",
    "client/reason.ts",
    "client/transports/",
  ],
  "src/bounds/": ["src/bounds/"],
  "src/channels/": ["wire/", "src/channels/"],
  "apps/kit/": ["apps/kit/"],
  "apps/kit/browser/": ["apps/kit/browser/"],
  "apps/takeaway/model/": ["apps/takeaway/model/"],
  "apps/flash-sale/model/": ["apps/flash-sale/model/"],
  "apps/flash-sale/ledger/": ["apps/flash-sale/ledger/", "apps/flash-sale/model/", "apps/kit/command/"],
  "apps/flash-sale/book/": ["apps/flash-sale/book/", "apps/flash-sale/ledger/", "apps/flash-sale/model/"],
  "src/hub/": ["wire/", "src/channels/", "src/telemetry/", "src/hub/", ...contracts],
  // What is posted is signed in one way, whoever posts it.
  "src/reactions/": ["wire/", "client/", "src/bounds/", "src/reactions/", "src/hooks/signature.ts"],
  "src/silence/": [
    "wire/",
    "src/bounds/",
    "src/channels/",
    "src/cluster/leases.ts",
    "src/reactions/",
    "src/silence/",
    ...contracts,
  ],
  "src/redis/": ["wire/", "src/bounds/", "src/redis/", "src/config/redis-address.ts"],
}

/** What of a demo, and of the kit, runs on its server alone. */
const serversOf = (demo: string, ...rooms: readonly string[]): string[] => [
  ...rooms.map((room) => `apps/${demo}/${room}${room.includes(".") ? "" : "/"}`),
  "apps/kit/http/",
  "apps/kit/command/",
]

/** For each folder, what it must never import. */
const neverImports: Record<string, readonly string[]> = {
  "src/protocols/": ["src/engines/", "src/transports/", "src/hub/", "src/server/", "src/cli/"],
  "src/engines/": ["src/protocols/", "src/transports/", "src/hub/", "src/server/", "src/cli/"],
  "src/transports/": ["src/engines/", "src/server/", "src/cli/"],
  "src/cluster/": ["src/protocols/", "src/transports/", "src/hub/", "src/server/", "src/cli/"],
  "src/": ["test/", "bench/", "apps/", "examples/"],
  // A demo uses Laba by its public names, as everybody does.
  "apps/": ["src/", "wire/", "client/", "bench/", "examples/"],
  "apps/takeaway/": ["apps/alerts/", "apps/flash-sale/"],
  "apps/alerts/": ["apps/takeaway/", "apps/flash-sale/"],
  "apps/flash-sale/": ["apps/takeaway/", "apps/alerts/"],
  // A page is what browsers get: it knows what is shown, and not who serves it.
  "apps/takeaway/pages/": [...serversOf("takeaway", "database", "functions", "http", "push")],
  "apps/flash-sale/pages/": ["audit", "book", "delivery", "http", "ledger", "payments"].map(
    (room) => `apps/flash-sale/${room}/`,
  ),
  // What shows a sale off is put beside the shop: no part of it knows that it is there.
  ...Object.fromEntries(
    ["audit", "delivery", "http", "payments"].map((room) => [
      `apps/flash-sale/${room}/`,
      ["apps/flash-sale/pages/", "apps/flash-sale/demo/"],
    ]),
  ),
  "apps/alerts/pages/": [...serversOf("alerts", "http", "store.ts")],
  "apps/takeaway/database/": ["apps/takeaway/http/", "apps/takeaway/push/", "apps/takeaway/functions/"],
  "apps/takeaway/push/": ["apps/takeaway/pages/"],
  // Who says that somebody has paid does not know who hears it.
  "apps/alerts/payments/": [
    "apps/alerts/subscribers/",
    "apps/alerts/mail/",
    "apps/alerts/sms/",
    "apps/alerts/http/",
  ],
}

/** For each kind of part, who may name a concrete one, besides its neighbours: who puts the parts together. */
const mayName: Record<string, readonly string[]> = {
  "src/engines/": ["src/server/", "src/cli/"],
  // Nodes find each other through the engine's Redis.
  "src/redis/": [
    "src/server/",
    "src/cli/",
    "src/engines/redis/",
    "src/cluster/redis/",
    "src/ingest/redis-streams/",
  ],
  // An endpoint of the HTTP surface hands its request to the transport that was asked for.
  "src/transports/": ["src/server/", "src/cli/", "src/http/"],
  // A transport's endpoint speaks a protocol: it is where the two meet.
  "src/protocols/": ["src/server/", "src/cli/", "src/http/", "src/transports/"],
}

/** Where Bun's own API may be used. Everything else runs on any runtime. */
const onBun = [
  "src/transports/",
  "src/engines/",
  "src/server/",
  "src/cli/",
  // Builds the one file for browsers.
  "client/build.ts",
  "test/",
  "bench/",
  "apps/",
  "examples/",
]

const notNames = ["utils", "helpers", "common", "types", "manager", "service", "handler", "data"]

const linesMax = 400

/** Files longer than that, each with its reason. */
const longOnPurpose: Record<string, string> = {}

/** More in one folder is a heap: it wants rooms that say what is in them. */
const filesInFolderMax = 15

/** Exports that are found by their names only when the program runs. */
const loadedByPath = ["examples/"]

const isUnder = (path: string, places: readonly string[]) => places.some((place) => path.startsWith(place))

/** Imports of our own files that `isWrong` says no to, one line each. */
function wrongImports(from: readonly SourceFile[], isWrong: (imported: string, file: SourceFile) => boolean) {
  return from.flatMap((file) =>
    file.imports
      .filter((imported) => isOurs(imported) && isWrong(imported, file))
      .map((imported) => `${file.path} imports ${imported}`),
  )
}

const isOurs = (imported: string) => files.some(({ path }) => path === imported)

for (const [folder, allowed] of Object.entries(mayImport)) {
  test(`${folder} imports only what it may`, () => {
    const inside = production.filter(({ path }) => path.startsWith(folder))
    expect(wrongImports(inside, (imported) => !isUnder(imported, allowed))).toEqual([])
  })
}

for (const [folder, forbidden] of Object.entries(neverImports)) {
  test(`${folder} never imports ${forbidden.join(", ")}`, () => {
    const inside = production.filter(({ path }) => path.startsWith(folder))
    const isWrong = (imported: string) => isUnder(imported, forbidden) && !contracts.includes(imported)
    expect(wrongImports(inside, isWrong)).toEqual([])
  })
}

for (const [folder, namers] of Object.entries(mayName)) {
  test(`concrete ${folder.slice(4, -1)} are named only where the parts are put together`, () => {
    const outside = production.filter(
      ({ path }) => path.startsWith("src/") && !isUnder(path, [folder, ...namers]),
    )
    const isConcrete = (imported: string) => imported.startsWith(folder) && !contracts.includes(imported)
    expect(wrongImports(outside, isConcrete)).toEqual([])
  })
}

test("wire/ and client/ need no package", () => {
  const portable = production.filter(({ path }) => isUnder(path, ["wire/", "client/"]))
  const needed = portable.flatMap(({ path, imports }) =>
    imports.filter((name) => !/^(wire|client)\//.test(name)).map((name) => `${path} imports ${name}`),
  )
  // A framework's adapter may import its framework, which its user has.
  expect(needed.filter((line) => !/^client\/react\/.* imports react$/.test(line))).toEqual([])
})

test("what is not bound to Bun does not use it", () => {
  const portable = production.filter(({ path }) => !isUnder(path, onBun))
  const bound = portable.filter(
    ({ code, imports }) => /(?<![\w.])Bun\.\w/.test(code) || imports.some((name) => /^bun(:|$)/.test(name)),
  )
  expect(bound.map(({ path }) => path)).toEqual([])
})

test("every file is named after its idea", () => {
  const nameless = files.filter(({ path }) => {
    const words = path.slice(path.lastIndexOf("/") + 1).split(/[.-]/)
    return words[0] !== undefined && notNames.includes(words[0]) && words.length === (isTest(path) ? 3 : 2)
  })
  expect(nameless.map(({ path }) => path)).toEqual([])
})

const exportedNames = ({ code }: SourceFile) =>
  [
    ...code.matchAll(
      /^export (?:declare |abstract |async )*(?:class|const|function\*?|interface|let|type) (\w+)/gm,
    ),
  ].map((match) => match[1] as string)

/** The words of the identifiers in a text: `HeldPolls` is made of held and polls. */
const wordsIn = (code: string) =>
  new Set((code.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) => word.toLowerCase()))

const ofTheServer = production.filter(({ path }) => isUnder(path, ["client/", "src/", "wire/"]))

test("every word of the glossary names something in the tree", () => {
  const glossary = [...readText("ARCHITECTURE.md").matchAll(/^- \*\*(\w+)\*\*: /gm)].map(
    (match) => match[1] as string,
  )
  const named = wordsIn(ofTheServer.map(({ code }) => code).join("\n"))
  expect(glossary).toHaveLength(20)
  expect(glossary.filter((word) => !named.has(word))).toEqual([])
})

/** Metaphors that nobody would type into a search box. */
const notTerms = ["desk", "ear", "errand", "guest", "holder", "seat", "station", "vigil", "visit", "watchman"]

test("what is exported, and its file, has a name that one would search for", () => {
  const poetic = ofTheServer.flatMap((file) =>
    [file.path, ...exportedNames(file)].filter((name) => notTerms.some((word) => wordsIn(name).has(word))),
  )
  expect(poetic).toEqual([])
})

test("an index.ts is what the package publishes", () => {
  const indexes = production
    .map(({ path }) => path)
    .filter((path) => /^(src|wire|client)\/(.*\/)?index\.ts$/.test(path))
  expect(indexes.filter((path) => !published.includes(`./${path}`))).toEqual([])
})

test(`no file is above ${linesMax} lines without a reason`, () => {
  const long = files.filter(({ lines }) => lines.length > linesMax).map(({ path }) => path)
  expect(long).toEqual(Object.keys(longOnPurpose).sort())
})

test(`no folder holds more than ${filesInFolderMax} files besides tests`, () => {
  const counts = new Map<string, number>()
  const rooms = ["wire", "src", "client", "apps"].flatMap(filesIn)
  for (const path of rooms.filter((one) => !/\.test\.|\/test\/|^apps\/flash-sale\/pages\//.test(one))) {
    const folder = path.slice(0, path.lastIndexOf("/"))
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  const over = [...counts].filter(([, count]) => count > filesInFolderMax)
  expect(over).toEqual([])
})

test("every export is used by another file", () => {
  const taken = new Set(files.flatMap(({ takes }) => takes.map(({ from, name }) => `${from} ${name}`)))
  const dead = files
    .filter(({ path }) => !published.includes(`./${path}`) && !isUnder(path, loadedByPath))
    .filter(({ path }) => !taken.has(`${path} *`))
    .flatMap(({ path, exports }) => exports.map((name) => `${path} ${name}`))
    .filter((one) => !taken.has(one))
  expect(dead).toEqual([])
})

test("no work is left in comments", () => {
  const marks = /\b(TODO|FIXME|HACK|XXX)\b/
  const left = files
    .filter(({ path }) => path !== "test/tidy.test.ts")
    .flatMap(({ path, lines }) =>
      lines
        .filter((line) => marks.test(isComment(line) ? line : (line.split(" // ")[1] ?? "")))
        .map((line) => `${path}: ${line.trim()}`),
    )
  expect(left).toEqual([])
})

interface Manifest {
  readonly exports: Record<string, string | Record<string, string>>
  readonly dependencies: Record<string, string>
  readonly optionalDependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
}

const manifest = JSON.parse(readText("package.json")) as Manifest

const published = Object.values(manifest.exports).flatMap((entry) =>
  typeof entry === "string" ? entry : Object.values(entry),
)

const dependencies = {
  ...manifest.dependencies,
  ...manifest.optionalDependencies,
  ...manifest.devDependencies,
}

test("every dependency is pinned exactly, and Bun to one version", () => {
  const loose = Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
  expect(loose).toEqual([])
  const versions = Object.values(manifest.optionalDependencies)
  expect([...new Set([...versions, dependencies["bun-types"]])]).toEqual([versions[0]])
})

test("every dependency has its line in the decision record", () => {
  const record = readText("docs/decisions/0003-dependencies.md")
  const unexplained = Object.keys(dependencies).filter(
    (name) => !record.includes(name.startsWith("@oven/bun-") ? "`@oven/bun-*`" : `\`${name}\``),
  )
  expect(unexplained).toEqual([])
})

const rules = [...readText("docs/PROTOCOL.md").matchAll(/\*\*([A-Z]+\d+)\.\*\*/g)].map(
  (match) => match[1] as string,
)

/** The rules cited by tests and by the cases that tests are made from, as `[L1]` or `[L1, L2]`. */
const cited = new Set(
  files
    .filter(({ path }) => path.startsWith("test/") || isTest(path))
    .flatMap(({ code }) => [...code.matchAll(/\[([A-Z]+\d+(?:, ?[A-Z]+\d+)*)\]/g)])
    .flatMap((match) => (match[1] as string).split(/, ?/)),
)

test("a command prints through src/cli/terminal.ts, which keeps what came from elsewhere from moving a cursor", () => {
  const prints = production.filter(
    ({ path, code }) =>
      path.startsWith("src/cli/") && /\bconsole\.|\bprocess\.std(?:out|err)\.write\b/.test(code),
  )
  expect(prints.map(({ path }) => path)).toEqual(["src/cli/terminal.ts"])
})

// Without the pages Bun shares a port with whoever has it already, unless it is told whether to.
test("no server shows the pages that Bun has for developers, and each says whether it shares its port", () => {
  const shows = production
    .filter(({ path }) => !/(?:^|\/)test\//.test(path))
    .flatMap(({ path, code }) =>
      code
        .split(/\bBun\.serve(?:<\w+>)?\(/)
        .slice(1)
        .map((call) => call.slice(0, 700))
        .filter((call) => !/\bdevelopment: false\b/.test(call) || !/\breusePort: /.test(call))
        .map(() => path),
    )
  expect(shows).toEqual([])
})

test("every rule of the protocol has one number", () => {
  expect(rules.length).toBeGreaterThan(0)
  expect(rules.filter((rule, index) => rules.indexOf(rule) !== index)).toEqual([])
})

test("every rule of the protocol is cited by a test", () => {
  expect(rules.filter((rule) => !cited.has(rule))).toEqual([])
})

test("every cited rule is in the protocol", () => {
  expect([...cited].filter((rule) => !rules.includes(rule))).toEqual([])
})
