// What is said of a node on the deploy board.

export type DeployEvent = "started" | "stopped" | "restarted" | "lost"

export interface Deploy {
  readonly id: string
  readonly node: string
  readonly event: DeployEvent
  readonly version: number
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly at: number
}
