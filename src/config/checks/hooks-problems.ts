// What is wrong with the configuration of hooks beyond its shape, and what it comes to. No message holds a secret.
import { networkProblem } from "../../access/origins/client-address.ts"
import { secretBytesMin } from "../../access/tokens/verification-key.ts"
import { parsePattern } from "../../channels/pattern.ts"
import { askKinds, type HookConfig, type HookKind, notificationKinds } from "../../hooks/remote/remote.ts"
import type { Problem } from "../config-error.ts"
import { patternProblem } from "./pattern-problem.ts"
import type { HookOutput } from "../schema/hooks-schema.ts"

/** Longer, and the connection of who waits would be cut before (Bun: 255 s); shorter, and no network is fast enough. */
const timeoutMs = { min: 100, max: 60_000 } as const

const kinds: readonly HookKind[] = [...askKinds, ...notificationKinds]
const tencentKinds: readonly HookKind[] = ["register", "transport", "unregister"]

export function hooksConfigOf(hooks: readonly HookOutput[]): HookConfig[] {
  return hooks.map((hook) => {
    const urls: Partial<Record<HookKind, string>> = {}
    for (const kind of kinds) {
      const url = hook[kind]
      if (url !== undefined) urls[kind] = url
    }
    return {
      name: hook.name ?? hook.pattern,
      pattern: parsePattern(hook.pattern).text,
      dialect: hook.dialect,
      urls,
      secrets: hook.secret ?? [],
      timeoutMs: hook.timeout,
      concurrencyMax: hook.concurrency,
      privateAddresses: hook.privateAddresses,
      origin: hook.origin,
      handshake: hook.handshake,
    }
  })
}

export function hooksProblems(hooks: readonly HookOutput[]): Problem[] {
  const patterns = hooks.map(({ pattern }) => {
    const wrong = patternProblem(pattern)
    return { wrong, text: wrong === null ? parsePattern(pattern).text : pattern }
  })
  const names = hooks.map(({ name, pattern }) => name ?? pattern)
  return hooks.flatMap((hook, index) => {
    const at = (message: string, ...path: PropertyKey[]): Problem => ({
      path: ["hooks", index, ...path],
      message,
    })
    const pattern = patterns[index] as { text: string; wrong: string | null }
    return [
      ...(pattern.wrong === null ? [] : [at(pattern.wrong, "pattern")]),
      ...(patterns.findIndex(({ text }) => text === pattern.text) < index
        ? [at("is there twice", "pattern")]
        : []),
      ...(names.indexOf(names[index] as string) < index ? [at("is there twice", "name")] : []),
      ...urlProblems(hook, at),
      ...(hook.timeout < timeoutMs.min || hook.timeout > timeoutMs.max
        ? [at("must be 100ms to 60s", "timeout")]
        : []),
      ...(hook.secret ?? []).flatMap((secret) =>
        new TextEncoder().encode(secret).length < secretBytesMin
          ? [at(`must have at least ${secretBytesMin} bytes`, "secret")]
          : [],
      ),
      ...hook.privateAddresses.flatMap((text, i) => {
        const wrong = networkProblem(text)
        return wrong === null ? [] : [at(wrong, "privateAddresses", i)]
      }),
    ]
  })
}

function urlProblems(hook: HookOutput, at: (message: string, ...path: PropertyKey[]) => Problem): Problem[] {
  const given = kinds.filter((kind) => hook[kind] !== undefined)
  if (given.length === 0) return [at("needs at least one URL: `register`, `transport`, `unregister` …")]
  return given.flatMap((kind) => {
    if (hook.dialect === "tencent" && !tencentKinds.includes(kind))
      return [at("is not in the dialect tencent, which has `register`, `transport` and `unregister`", kind)]
    const url = URL.parse(hook[kind] as string)
    if (!url || !/^https?:$/.test(url.protocol)) return [at("must begin with https:// or http://", kind)]
    if (url.username !== "" || url.password !== "")
      return [at("must hold no password; requests are signed with `secret`", kind)]
    if (url.hash !== "") return [at("must have no `#`", kind)]
    return []
  })
}
