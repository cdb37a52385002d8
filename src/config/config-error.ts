// The error of a wrong configuration: every problem, each with its place.

/** One thing that is wrong, and where: the keys from the root down. */
export interface Problem {
  readonly path: readonly PropertyKey[]
  /** What is wrong there, to be read after the path and a colon. */
  readonly message: string
}

/** A configuration that cannot be used. Its message names every problem, a line each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError"
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map(printProblem).join("\n"), options)
    this.problems = problems
  }
}

/** For example `channels."/a".histroy: unknown key, did you mean "history"?` */
function printProblem({ path, message }: Problem): string {
  return path.length === 0 ? message : `${printPath(path)}: ${message}`
}

const printPath = (path: readonly PropertyKey[]): string =>
  path
    .map((key) =>
      typeof key === "number" || /^[A-Za-z_]\w*$/.test(String(key))
        ? String(key)
        : JSON.stringify(String(key)),
    )
    .join(".")
