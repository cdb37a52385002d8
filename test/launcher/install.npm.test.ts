// Installing Laba with npm 11, with and without install scripts, and building it from a clean clone.
import { expect, test } from "bun:test"
import { join } from "node:path"
import { expectToStart } from "./installed.ts"
import { Project, repository, runWell } from "./packed.ts"

const minuteMs = 60_000

test("starts in a project that npm 11 installed it into", () => expectToStart({ npm: "11.19.1" }), minuteMs)

test(
  "starts where install scripts are forbidden",
  () => expectToStart({ npm: "11.19.1", flags: ["--ignore-scripts"] }),
  minuteMs,
)

test(
  "starts from a clean clone after npm ci without scripts",
  async () => {
    await using project = await Project.start()
    const clone = join(project.folder, "clone")
    await runWell(["git", "clone", "--quiet", repository, clone], { cwd: project.folder })
    const installed = await runWell(["npm", "ci", "--ignore-scripts", "--prefer-offline"], { cwd: clone })
    expect(installed.stderr).not.toMatch(/EBADENGINE|deprecated/)
    const version = await runWell(["node", "bin/laba.mjs", "version"], { cwd: clone })
    expect(version.stdout).toContain((await Bun.file(join(clone, "package.json")).json()).version)
  },
  minuteMs,
)

test("publishes what runs, and no tests", async () => {
  const { stdout } = await runWell(["npm", "pack", "--dry-run", "--json", "--silent", "--ignore-scripts"], {
    cwd: repository,
  })
  const [packed] = JSON.parse(stdout) as [{ files: { path: string }[] }]
  const paths = packed.files.map(({ path }) => path)
  for (const path of [
    "bin/laba.mjs",
    "bin/bunfig.toml",
    "wire/codes.ts",
    "src/cli/main.ts",
    "src/server/index.ts",
    "LICENSE",
  ]) {
    expect(paths).toContain(path)
  }
  expect(paths.filter((path) => /\.test\.|^(test|bench|node_modules|\.)/.test(path))).toEqual([])
})
