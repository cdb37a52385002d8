// What the built client weighs and which browsers it asks for. The floor is ES2020: Chrome 80, Firefox 74, Safari 14, Edge 80.
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildClient, gzipBytesMax } from "../../client/build.ts"

const root = join(import.meta.dir, "../..")
const tsc = join(root, "node_modules/typescript/bin/tsc")

for (const form of ["global", "module"] as const) {
  test(`the ${form} build is at most 10 KB gzipped`, async () => {
    const { code, gzipBytes } = await buildClient(form)
    console.log(`client, ${form}: ${code.length} bytes, ${gzipBytes} gzipped`)
    expect(gzipBytes).toBeGreaterThan(0)
    expect(gzipBytes).toBeLessThanOrEqual(gzipBytesMax)
  })
}

test("a compiler for ES2020 has nothing to lower in the build", async () => {
  const { code } = await buildClient()
  expect(await lower(code, "es2020")).toBe(await lower(code, "esnext"))
  // The measure measures: syntax of ES2021 would show.
  expect(await lower("let a; a ??= 1", "es2020")).not.toBe(await lower("let a; a ??= 1", "esnext"))
}, 60_000)

test("the sources use no library newer than ES2020", async () => {
  const sources = [...new Bun.Glob("client/**/*.ts").scanSync(root)].filter(
    (path) => !/\.test\.ts$|build\.ts$|react/.test(path),
  )
  const check = Bun.spawn(
    [
      "node",
      tsc,
      "--noEmit",
      "--ignoreConfig",
      "--strict",
      "--allowImportingTsExtensions",
      "--module",
      "preserve",
      "--types",
      "",
      "--target",
      "es2020",
      "--lib",
      "es2020,dom,dom.iterable",
      ...sources,
    ],
    { cwd: root, stdout: "pipe" },
  )
  expect(await new Response(check.stdout).text()).toBe("")
}, 60_000)

test("the build names no part of the platform that is newer than its floor", async () => {
  const { code } = await buildClient()
  const newer = [
    "AbortSignal.any",
    "AbortSignal.timeout",
    "randomUUID",
    "structuredClone",
    "Promise.any",
    "WeakRef",
    "replaceAll",
  ]
  expect(newer.filter((name) => code.includes(name))).toEqual([])
})

async function lower(code: string, target: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "laba-build-"))
  try {
    await Bun.write(join(directory, "in.js"), code)
    const options = [
      "--ignoreConfig",
      "--allowJs",
      "--checkJs",
      "false",
      "--target",
      target,
      "--outDir",
      "out",
    ]
    await Bun.spawn(["node", tsc, ...options, "in.js"], { cwd: directory, stdout: "ignore" }).exited
    return await Bun.file(join(directory, "out/in.js")).text()
  } finally {
    await rm(directory, { recursive: true })
  }
}
