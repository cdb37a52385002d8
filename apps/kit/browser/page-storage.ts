// What a page keeps in the browser's storage over a reload, as JSON. Where storage is forbidden it forgets, and works.

export function remember(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(name)
    else localStorage.setItem(name, JSON.stringify(value))
  } catch {
    // Forbidden, or full.
  }
}

/** Null where nothing is remembered. */
export function remembered<Value>(name: string): Value | null {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null") as Value | null
  } catch {
    return null
  }
}
