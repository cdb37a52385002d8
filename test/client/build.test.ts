// What the built client weighs and which browsers it asks for. The floor is ES2020: Chrome 80, Edge 80, Firefox 74, Safari 14.
import { expect, test } from "bun:test"
import { join } from "node:path"
import { buildClient, gzipBytesMax } from "../../client/build.ts"
import { newerSyntax } from "./newer-syntax.ts"

for (const form of ["global", "module"] as const) {
  test(`the ${form} build is at most 10 KB gzipped`, async () => {
    const { code, gzipBytes } = await buildClient(form)
    console.log(`client, ${form}: ${code.length} bytes, ${gzipBytes} gzipped`)
    expect(gzipBytes).toBeGreaterThan(0)
    expect(gzipBytes).toBeLessThanOrEqual(gzipBytesMax)
  })
}

test("the builds have no syntax newer than ES2020", async () => {
  for (const form of ["global", "module"] as const)
    expect(newerSyntax((await buildClient(form)).code)).toEqual([])
})

test("what looks for newer syntax finds it, and nothing else", () => {
  const newer = [
    "a??=1",
    "a||=1",
    "x=1_000",
    "class A{#b(){}}",
    "class A{static{}}",
    "class A extends B{c=1}",
  ]
  expect(newer.filter((code) => newerSyntax(code).length === 0)).toEqual([])
  const older = [
    'class A{constructor(b=1){this.c=b;}get d(){return"a??=b"}}',
    "a??b||c",
    "let a=b/c/d;",
    "a?.b",
  ]
  expect(older.flatMap(newerSyntax)).toEqual([])
})

test("the sources use no library newer than ES2020", () => {
  const project = join(import.meta.dir, "floor.tsconfig.json")
  const check = Bun.spawnSync([process.execPath, "check", "--no-script", "-p", project])
  const said = `${check.stdout}${check.stderr}`
  expect(said).toContain("No type errors")
  expect(check.exitCode).toBe(0)
}, 60_000)

test("the build names no part of the platform that is newer than its floor", async () => {
  const { code } = await buildClient()
  // What a compiler's library cannot tell, because the browser's parts carry no year.
  const newer = [
    "AbortSignal.any",
    "AbortSignal.timeout",
    "randomUUID",
    "structuredClone",
    "WeakRef",
    "throwIfAborted",
  ]
  expect(newer.filter((name) => code.includes(name))).toEqual([])
})

test("the global build sets `Laba` and nothing else", async () => {
  const { code } = await buildClient()
  const scope = new Function("globalThis", `${code};return globalThis`)({}) as Record<string, object>
  expect(Object.keys(scope)).toEqual(["Laba"])
  expect(Object.keys(scope["Laba"] as object)).toEqual(["connect", "LabaFailure", "LabaSocket"])
})
