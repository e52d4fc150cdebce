/** Deeper documents are refused: what reads or prints them recursively would overflow. */
const deepest = 64

/** Keys of a manifest's top level that readers act on, by their lowercase form. */
const knownSpelling: ReadonlyMap<string, string> = new Map([
  ['schemaversion', 'schemaVersion'],
  ['mediatype', 'mediaType'],
  ['config', 'config'],
  ['layers', 'layers'],
  ['manifests', 'manifests'],
  ['subject', 'subject'],
  ['artifacttype', 'artifactType'],
  ['annotations', 'annotations'],
])

/**
 * Looks at JSON text for what a parser hides: nesting, and top-level keys that different clients
 * would read differently, because they stand twice or differ from a known one in case alone (Go
 * ignores case). Returns what is wrong, or null. Does not check that the text is JSON.
 */
export function ambiguityOf(text: string): string | null {
  let depth = 0
  let expectKey = false
  const keys: Set<string> = new Set()
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    switch (code) {
      case openBrace:
      case openBracket:
        depth += 1
        if (depth > deepest) return `it is nested deeper than ${deepest} levels`
        expectKey = depth === 1 && code === openBrace
        break
      case closeBrace:
      case closeBracket:
        depth -= 1
        break
      case comma:
        expectKey = depth === 1
        break
      case quote: {
        const end = endOfString(text, at)
        if (expectKey) {
          const problem = keyProblem(text.slice(at, end + 1), keys)
          if (problem !== null) return problem
          expectKey = false
        }
        at = end
        break
      }
      default:
    }
  }
  return null
}

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== quote) {
    at += text.charCodeAt(at) === backslash ? 2 : 1
  }
  return at
}

function keyProblem(quoted: string, seen: Set<string>): string | null {
  let key: string
  try {
    key = JSON.parse(quoted) as string
  } catch {
    return null
  }
  const spelling = knownSpelling.get(folded(key))
  const name = spelling ?? key
  if (seen.has(name)) return `the key ${quoted.slice(0, 64)} stands in it twice`
  seen.add(name)
  if (spelling !== undefined && key !== spelling) {
    return `the key ${quoted.slice(0, 64)} differs from a known one in case alone`
  }
  return null
}

/** As Go folds it: there the long s is an s, which lowercasing leaves alone. */
function folded(key: string): string {
  return key.toLowerCase().replaceAll('\u017f', 's')
}
