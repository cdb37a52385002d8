// Builds the one-file client that the server hands out at /_/client.js. Runs under Bun; the only file here that does.

export interface ClientBuild {
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

// `bun client/build.ts [directory]` writes both forms there.
if (import.meta.main) {
  const directory = Bun.argv[2] ?? `${import.meta.dir}/dist`
  for (const [form, name] of [
    ["global", "laba.js"],
    ["module", "laba.mjs"],
  ] as const) {
    const { code, gzipBytes } = await buildClient(form)
    await Bun.write(`${directory}/${name}`, code)
    console.log(`${directory}/${name}: ${code.length} bytes, ${gzipBytes} gzipped`)
  }
}
