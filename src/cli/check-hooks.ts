// Tries every address that hooks would call: may it be connected to, does it answer, does it agree.
import { BackendFailure } from "../hooks/remote/failure.ts"
import { shakeHands } from "../hooks/remote/handshakes.ts"
import type { HookConfig } from "../hooks/remote/remote.ts"
import { makePost } from "../server/hooks/post.ts"

/** One line an address, and whether all went well. */
export async function checkHooks(
  hooks: readonly HookConfig[],
): Promise<{ readonly lines: string[]; readonly ok: boolean }> {
  const post = makePost()
  const tries = hooks.flatMap((hook) => [...kindsByUrl(hook)].map(([url, kinds]) => ({ hook, url, kinds })))
  const results = await Promise.all(
    tries.map(async ({ hook, url, kinds }) => {
      const { ok, says } = await tryOne(hook, url)
      return {
        ok,
        line: `${ok ? "yes" : "no "}  ${hook.name}  ${kinds.join(", ")}  ${withoutQuery(url)}  ${says}`,
      }
    }),
  )
  return { lines: results.map(({ line }) => line), ok: results.every(({ ok }) => ok) }

  async function tryOne(hook: HookConfig, url: string): Promise<{ ok: boolean; says: string }> {
    const agrees = hook.dialect === "laba" && hook.handshake
    try {
      if (agrees) await shakeHands(url, { hook, post })
      else {
        const { timeoutMs, privateAddresses } = hook
        await post({ method: "OPTIONS", url, headers: {}, body: null, timeoutMs, privateAddresses })
      }
      return { ok: true, says: agrees ? "agrees to be called" : "answers; it is not asked whether it agrees" }
    } catch (error) {
      if (error instanceof BackendFailure) return { ok: false, says: error.message }
      throw error
    }
  }
}

function kindsByUrl({ urls }: HookConfig): ReadonlyMap<string, readonly string[]> {
  const byUrl = new Map<string, string[]>()
  for (const [kind, url] of Object.entries(urls)) byUrl.set(url, [...(byUrl.get(url) ?? []), kind])
  return byUrl
}

function withoutQuery(text: string): string {
  const { origin, pathname } = new URL(text)
  return `${origin}${pathname}`
}
