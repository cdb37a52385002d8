// Finds syntax newer than ES2020 in a minified build. It knows tokens, not grammar: enough for code whose every kind of
// token it is shown in the test beside it.

/** Of each kind of newer syntax, the first place where it is found. */
export function newerSyntax(code: string): string[] {
  const bare = code.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '""')
  const tokens: readonly RegExp[] = [
    // Logical assignment, numeric separators: ES2021.
    /(?:\?\?|\|\||&&)=/,
    /\b\d+_\d/,
    // Private names, static blocks: ES2022.
    /#[a-zA-Z_$]/,
    /\bstatic\s*\{/,
  ]
  const found = tokens.flatMap((token) => bare.match(token)?.[0] ?? [])
  return [...found, ...fieldsOf(bare)]
}

/** Class fields, ES2022: `=` or `;` right inside a class body, where methods have neither. */
function fieldsOf(code: string): string[] {
  const fields: string[] = []
  for (const match of code.matchAll(/\bclass\b[^{(]*\{/g)) {
    let depth = 1
    for (let at = match.index + match[0].length; depth > 0 && at < code.length; at++) {
      const character = code[at] as string
      if ("{([".includes(character)) depth++
      else if ("})]".includes(character)) depth--
      else if (depth === 1 && "=;".includes(character)) {
        fields.push(code.slice(match.index, at + 1))
        break
      }
    }
  }
  return fields
}
