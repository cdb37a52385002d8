// Where a program of Spring Boot listens.
import type { JavaProgram } from "./java-program.ts"

/** The port that it prints. Throws when it ends before. */
export async function portOfTomcat(program: JavaProgram): Promise<number> {
  const printed: string[] = []
  for await (const line of program.lines()) {
    printed.push(line)
    const port = /Tomcat started on port (\d+)/.exec(line)?.[1]
    // The relay is started before the web server.
    if (port) return Number(port)
  }
  throw new Error(`${await program.ended}\n${printed.join("\n")}`)
}
