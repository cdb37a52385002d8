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
  /** The names that it takes from each of them; `*` where it takes all that there is. */
  readonly takes: readonly Taken[]
  /** The names that it exports itself. */
  readonly exports: readonly string[]
}

interface Taken {
  readonly from: string
  readonly name: string
}

export const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path)

export const readText = (path: string): string => readFileSync(join(root, path), "utf8")

/** Every file of code in the tree, built and installed ones excepted. */
export function sourceFiles(): SourceFile[] {
  return folders
    .flatMap(filesIn)
    .filter((path) => /\.(tsx?|mjs|js)$/.test(path))
    .sort()
    .map(read)
}

/** Every file below a folder, built and installed ones excepted. */
export function filesIn(folder: string): string[] {
  let names: string[]
  try {
    names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
  } catch {
    return []
  }
  return names
    .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
    .filter((path) => /\.\w+$/.test(path) && !/\/(node_modules|dist|data)\//.test(path))
}

function read(path: string): SourceFile {
  const lines = readText(path).split("\n")
  if (lines.at(-1) === "") lines.pop()
  const code = lines.filter((line) => !isComment(line)).join("\n")
  const takes = takesOf(path, code)
  return { path, lines, code, imports: importsOf(path, code), takes, exports: exportsOf(code) }
}

export const isComment = (line: string): boolean => /^\s*(\/\/|\/?\*)/.test(line)

function importsOf(path: string, code: string): string[] {
  const named = [...code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"\n]+)"/g)].map(
    (match) => match[1] as string,
  )
  return named.map((name) => fromRoot(path, name))
}

function takesOf(path: string, code: string): Taken[] {
  const clauses = code.matchAll(/\b(?:import|export)\s+(?:type\s+)?([\w$\s{},*]*?)\s*from\s*"([^"\n]+)"/g)
  const byName = [...clauses].flatMap(([, clause = "", name = ""]) =>
    (clause.includes("*") ? ["*"] : namesIn(clause)).map((taken) => ({
      from: fromRoot(path, name),
      name: taken,
    })),
  )
  const whole = [...code.matchAll(/\bimport\(\s*"([^"\n]+)"/g)].map(([, name = ""]) => ({
    from: fromRoot(path, name),
    name: "*",
  }))
  return [...byName, ...whole]
}

/** `{ a, type b as c }`: what is meant there by `a` and `b`. */
const namesIn = (clause: string): string[] =>
  clause
    .replace(/[{}]/g, ",")
    .split(",")
    .map(
      (part) =>
        part
          .trim()
          .replace(/^type\s+/, "")
          .split(/\s/)[0] as string,
    )
    .filter((name) => name !== "")

function exportsOf(code: string): string[] {
  const declared = code.matchAll(
    /^export (?:declare )?(?:abstract |async )?(?:const|let|function\*?|class|interface|type) (\w+)/gm,
  )
  const lists = code.matchAll(/^export (?:type )?\{([^}]*)\}(?! from)/gm)
  return [
    ...[...declared].map(([, name = ""]) => name),
    ...[...lists].flatMap(([, list = ""]) =>
      list
        .split(",")
        .map((part) => part.trim().split(/\s/).at(-1) as string)
        .filter((name) => name !== ""),
    ),
  ]
}

const fromRoot = (path: string, name: string): string =>
  name.startsWith(".") ? posix.join(dirname(path), name) : name
