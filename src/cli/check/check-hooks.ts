// Tries every address that hooks would call: may it be connected to, does it answer, does it agree.
import { printable } from "../../telemetry/printable.ts"
import { BackendFailure } from "../../hooks/remote/delivery/backend-failure.ts"
import { performHandshake, sendOptions } from "../../hooks/remote/delivery/handshakes.ts"
import { withoutQuery } from "../../hooks/remote/hook-view.ts"
import type { HookConfig, HookResponse, HttpSend } from "../../hooks/remote/remote.ts"
import { makeHttpSend } from "../../server/hooks/http-send.ts"

interface Verdict {
  readonly ok: boolean
  readonly says: string
}

/** One line an address, and whether all went well. */
export async function checkHooks(
  hooks: readonly HookConfig[],
): Promise<{ readonly lines: string[]; readonly ok: boolean }> {
  const send = makeHttpSend()
  const tries = hooks.flatMap((hook) => [...kindsByUrl(hook)].map(([url, kinds]) => ({ hook, url, kinds })))
  const results = await Promise.all(
    tries.map(async ({ hook, url, kinds }) => {
      const { ok, says } = await tryOne(url, { hook, send })
      return {
        ok,
        line: `${ok ? "yes" : "no "}  ${hook.name}  ${kinds.join(", ")}  ${withoutQuery(url)}  ${says}`,
      }
    }),
  )
  return { lines: results.map(({ line }) => line), ok: results.every(({ ok }) => ok) }
}

async function tryOne(url: string, caller: { hook: HookConfig; send: HttpSend }): Promise<Verdict> {
  const { dialect, handshake } = caller.hook
  try {
    if (dialect !== "laba" || !handshake) return judged(await sendOptions(url, caller))
    await performHandshake(url, caller)
    return { ok: true, says: "agrees to be called" }
  } catch (error) {
    if (error instanceof BackendFailure) return { ok: false, says: error.message }
    throw error
  }
}

/** A function that knows nothing but POST says so; any other refusal would be the answer to a POST as well. */
const postOnly: readonly number[] = [405, 501]

/** How much is shown of what a backend says about its refusal. */
const reasonCharactersMax = 200

function judged({ status, body }: HookResponse): Verdict {
  if (status < 400) return { ok: true, says: "answers; it is not asked whether it agrees" }
  if (postOnly.includes(status))
    return { ok: true, says: `answers, with status ${status} to OPTIONS: whether to POST, is not tried` }
  const reason = printable(new TextDecoder().decode(body).trim()).slice(0, reasonCharactersMax)
  return { ok: false, says: `answered OPTIONS with status ${status}${reason && `: ${reason}`}` }
}

function kindsByUrl({ urls }: HookConfig): ReadonlyMap<string, readonly string[]> {
  const byUrl = new Map<string, string[]>()
  for (const [kind, url] of Object.entries(urls)) byUrl.set(url, [...(byUrl.get(url) ?? []), kind])
  return byUrl
}
