// What went wrong lately between a running server and the backends of its hooks, as it tells at /_/api/hooks.
import type { HookView } from "../../hooks/remote/hook-view.ts"
import { printable } from "../../telemetry/printable.ts"
import { CommandError } from "../command.ts"
import { fetchFrom, refusalOf } from "../channels/server-answer.ts"
import { credential } from "../flags/secrets.ts"

/** Some lines for each hook, and whether the server calls all of them. Throws `CommandError` when it does not tell. */
export async function hooksOfServer(
  server: string,
): Promise<{ readonly lines: string[]; readonly ok: boolean }> {
  const token = credential()
  const headers = token ? { authorization: `Bearer ${token}` } : {}
  const response = await fetchFrom(`${server}/_/api/hooks`, { headers, redirect: "error" })
  if (!response.ok) throw new CommandError(await refusalOf(response))
  const { hooks } = (await response.json()) as { hooks: readonly HookView[] }
  const lines = hooks.flatMap((hook) => [headOf(hook), ...hook.errors.map(lineOf)])
  return {
    lines: [`At ${server}${hooks.length === 0 ? " no hooks are configured." : ":"}`, ...lines],
    ok: hooks.every(({ circuit }) => circuit === "closed"),
  }
}

function headOf({ name, circuit, triesInSeconds, tellsPending, oldestTell, errors }: HookView): string {
  const standing = circuit === "closed" ? "yes" : "no "
  const parts = [
    circuit === "closed" ? "is called" : `is left alone, tried again in ${triesInSeconds} s`,
    errors.length === 0 ? "no errors" : `last errors: ${errors.length}`,
    ...(oldestTell === null ? [] : [`${tellsPending} not heard yet, since ${timeOf(oldestTell)}`]),
  ]
  return `${standing}  ${printable(name)}  ${parts.join("; ")}`
}

const lineOf = ({ time, kind, id, says }: HookView["errors"][number]): string =>
  `     ${timeOf(time)}  ${kind}  ${printable(id)}  ${printable(says)}`

const timeOf = (ms: number): string => new Date(ms).toISOString()
