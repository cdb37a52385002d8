// Parts of a JSON text as they stand in it, so that nothing is printed anew and numbers keep their digits. The text was
// parsed already and is known to be JSON.

/** The texts between the commas of an array or an object. */
export function partsOf(json: string): string[] {
  const parts: string[] = []
  const marks = /["\\[\]{},]/g
  let isInString = false
  let depth = 0
  let from = 0
  for (let found = marks.exec(json); found; found = marks.exec(json)) {
    const [mark] = found
    // What follows a backslash ends no string.
    if (mark === "\\") marks.lastIndex++
    else if (mark === '"') isInString = !isInString
    else if (isInString) continue
    else if (mark === "{" || mark === "[") {
      if (++depth === 1) from = marks.lastIndex
    } else if (mark === "," ? depth === 1 : --depth === 0) {
      parts.push(json.slice(from, found.index).trim())
      from = marks.lastIndex
    }
  }
  return parts
}

/** The text of an object's member; undefined when it has none of that name. */
export function memberOf(json: string, name: string): string | undefined {
  const start = `"${name}":`
  return partsOf(json)
    .find((part) => part.startsWith(start))
    ?.slice(start.length)
}
