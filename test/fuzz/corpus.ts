// The inputs that the fuzzer starts from, a file each, in a folder a target. What once broke something is saved among
// them and so tried again in every run.
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const folder = join(import.meta.dir, "corpus")

export interface CorpusFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** All inputs of a target, by name. */
export function readCorpus(target: string): CorpusFile[] {
  return readdirSync(join(folder, target))
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(folder, target, name))) }))
}

/** Saves what broke something; the same input twice is one file. Answers its path from the root of the repository. */
export function saveCrasher(target: string, input: Uint8Array): string {
  const name = `crash-${createHash("sha256").update(input).digest("hex").slice(0, 12)}`
  mkdirSync(join(folder, target), { recursive: true })
  writeFileSync(join(folder, target, name), input)
  return `test/fuzz/corpus/${target}/${name}`
}
