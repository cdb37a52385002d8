// Parts of a JSON text as they stand in it, so that nothing is printed anew and numbers keep their digits. The text was
// parsed already and is known to be JSON.

/** The texts between the commas of an array or an object. */
export function partsOf(json: string): string[] {
  const parts: string[] = []
  const marks = /["[\]{},]/g
  let depth = 0
  let from = 0
  for (let found = marks.exec(json); found; found = marks.exec(json)) {
    const [mark] = found
    if (mark === '"') marks.lastIndex = endOfString(json, found.index)
    const opens = mark === "{" || mark === "["
    if (opens && ++depth === 1) from = marks.lastIndex
    const ends = mark === "}" || mark === "]" ? --depth === 0 : mark === "," && depth === 1
    if (!ends) continue
    parts.push(json.slice(from, found.index).trim())
    from = marks.lastIndex
  }
  return parts
}

/** Behind the quote that closes a string: one with an even number of backslashes before it. */
function endOfString(json: string, start: number): number {
  let end = start
  let before: number
  do {
    end = json.indexOf('"', end + 1)
    before = end
    while (json[before - 1] === "\\") before--
  } while ((end - before) % 2 === 1)
  return end + 1
}

/** The text of an object's member; undefined when it has none of that name. */
export function memberOf(json: string, name: string): string | undefined {
  const start = `"${name}":`
  return partsOf(json)
    .find((part) => part.startsWith(start))
    ?.slice(start.length)
}
