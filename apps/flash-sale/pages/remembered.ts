// What a page remembers over a reload. Where storage is forbidden it forgets, and works.

interface Remembered {
  get(name: string): string | null
  set(name: string, value: string): void
  forget(name: string): void
}

const prefix = "flash-sale."

/** `session` is this tab, over its reloads; `browser` is every tab, and tomorrow. */
export function remembered(where: "session" | "browser"): Remembered {
  const use = <T>(work: (storage: Storage) => T): T | null => {
    try {
      return work(where === "session" ? sessionStorage : localStorage)
    } catch {
      return null
    }
  }
  return {
    get: (name) => use((storage) => storage.getItem(prefix + name)),
    set: (name, value) => void use((storage) => storage.setItem(prefix + name, value)),
    forget: (name) => void use((storage) => storage.removeItem(prefix + name)),
  }
}
