// The files of this repository as the tidy test reads them: what they hold, what they import, what is only comment.
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"

const root = join(import.meta.dir, "..")

const folders = ["wire", "src", "client", "dashboard", "apps", "examples", "bench", "test", "bin"]

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string
  readonly lines: readonly string[]
  /** The lines without whole-line comments. */
  readonly code: string
  /** What it imports: paths from the root for our own files, names for packages. */
  readonly imports: readonly string[]
}

export const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path)

export const readText = (path: string): string => readFileSync(join(root, path), "utf8")

/** Every file of code in the tree, built and installed ones excepted. */
export function sourceFiles(): SourceFile[] {
  return folders.flatMap(filesUnder).sort().map(read)
}

function filesUnder(folder: string): string[] {
  let names: string[]
  try {
    names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
  } catch {
    return []
  }
  return names
    .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
    .filter((path) => /\.(tsx?|mjs|js)$/.test(path) && !/\/(node_modules|dist)\//.test(path))
}

function read(path: string): SourceFile {
  const lines = readText(path).split("\n")
  if (lines.at(-1) === "") lines.pop()
  const code = lines.filter((line) => !isComment(line)).join("\n")
  return { path, lines, code, imports: importsOf(path, code) }
}

export const isComment = (line: string): boolean => /^\s*(\/\/|\/?\*)/.test(line)

function importsOf(path: string, code: string): string[] {
  const named = [...code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"\n]+)"/g)].map(
    (match) => match[1] as string,
  )
  return named.map((name) => (name.startsWith(".") ? posix.join(dirname(path), name) : name))
}
