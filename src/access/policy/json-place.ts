const token = /[ \t\r\n]*(?:[{}[\],:]|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|[-\w.+]+|$)/y
const scalar = /^(?:"|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$)/

/**
 * Where a text stops being JSON, as `line 3, column 14`; null where that cannot be told. What the runtimes say of
 * it repeats a part of the text, which may be a secret.
 */
export function placeOfJsonError(text: string): string | null {
  const closers: string[] = []
  let wanted: 'value' | 'first' | 'key' | 'colon' | 'next' = 'value'
  token.lastIndex = 0
  for (;;) {
    const from = token.lastIndex
    const [found] = token.exec(text) ?? []
    if (found === undefined) return placeOf(text, from + spacesAt(text, from))
    const word = found.trimStart()
    const at = from + found.length - word.length
    const isValue = wanted === 'value' || wanted === 'first'
    if (word === '') return closers.length > 0 || isValue ? placeOf(text, at) : null
    if ((wanted === 'first' || wanted === 'next') && word === closers.at(-1)) {
      closers.pop()
      wanted = 'next'
    } else if (wanted === 'colon') {
      if (word !== ':') return placeOf(text, at)
      wanted = 'value'
    } else if (wanted === 'next') {
      if (word !== ',' || closers.length === 0) return placeOf(text, at)
      wanted = closers.at(-1) === '}' ? 'key' : 'value'
    } else if (wanted === 'key' || (wanted === 'first' && closers.at(-1) === '}')) {
      if (!word.startsWith('"')) return placeOf(text, at)
      wanted = 'colon'
    } else if (word === '{' || word === '[') {
      closers.push(word === '{' ? '}' : ']')
      wanted = 'first'
    } else if (scalar.test(word)) wanted = 'next'
    else return placeOf(text, at)
  }
}

function spacesAt(text: string, from: number): number {
  return /^[ \t\r\n]*/.exec(text.slice(from))?.[0].length ?? 0
}

function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n')
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
