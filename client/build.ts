// Builds the client for those who take it as a file: what the server hands out at /_/client.js, and what a program's
// bundler and compiler find in the package. Runs under Bun; the only file here that does.

interface ClientBuild {
  readonly code: string
  readonly gzipBytes: number
}

/** The most that the client may weigh, gzipped. A page on a bad network waits for it. */
export const gzipBytesMax = 10 * 1024

/** `global` sets `globalThis.Laba` and fits a script tag; `module` is an ES module. */
export async function buildClient(form: "global" | "module" = "global"): Promise<ClientBuild> {
  const build = await Bun.build({
    entrypoints: [`${import.meta.dir}/${form === "global" ? "global" : "index"}.ts`],
    minify: true,
    target: "browser",
    format: form === "global" ? "iife" : "esm",
  })
  const code = await (build.outputs[0] as Blob).text()
  return { code, gzipBytes: Bun.gzipSync(code, { level: 9 }).length }
}

const isSource = (name: string): boolean => !/\.test\.ts$|^build\.ts$|^dist\//.test(name)

/**
 * Writes what a compiler reads to know the types: the sources, kept from being checked. Our options are stricter than most,
 * and a program that imports us must compile under its own.
 */
export async function writeTypes(directory: string): Promise<void> {
  for (const folder of ["client", "wire"]) {
    const from = `${import.meta.dir}/../${folder}`
    for (const name of new Bun.Glob("**/*.ts").scanSync(from)) {
      if (!isSource(name)) continue
      const source = await Bun.file(`${from}/${name}`).text()
      await Bun.write(`${directory}/${folder}/${name}`, `// @ts-nocheck\n${source}`)
    }
  }
}

// `bun client/build.ts [directory]` writes both forms and the types there.
if (import.meta.main) {
  const directory = Bun.argv[2] ?? `${import.meta.dir}/dist`
  for (const [form, name] of [
    ["global", "laba.js"],
    ["module", "laba.mjs"],
  ] as const) {
    const { code, gzipBytes } = await buildClient(form)
    await Bun.write(`${directory}/${name}`, code)
    console.log(`${name}: ${code.length} bytes, ${gzipBytes} gzipped`)
  }
  await writeTypes(`${directory}/types`)
}
