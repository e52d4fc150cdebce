const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/**
 * Whether an object somewhere in a JSON text has two members of one name, of which `JSON.parse` keeps the last.
 *
 * @param text JSON that was parsed without an error
 */
export function hasDuplicateNames(text: string): boolean {
  /** The names of the objects around; null for an array. */
  const around: (Set<string> | null)[] = []
  let isName = false
  for (const [token] of text.matchAll(tokens)) {
    switch (token) {
      case '{':
        around.push(new Set())
        isName = true
        break
      case '[':
        around.push(null)
        isName = false
        break
      case '}':
      case ']':
        around.pop()
        isName = false
        break
      case ',':
        isName = around.at(-1) instanceof Set
        break
      case ':':
        isName = false
        break
      default: {
        const names = around.at(-1)
        if (!isName || !names) break
        const name = JSON.parse(token) as string
        if (names.has(name)) return true
        names.add(name)
      }
    }
  }
  return false
}
