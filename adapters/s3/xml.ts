/** The text of the first element of that name, at any depth; null where there is none. */
export function textIn(xml: string, name: string): string | null {
  const [first] = elementsIn(xml, name)
  return first === undefined ? null : unescaped(first)
}

/** What is inside of each element of that name. S3's answers have no attributes that matter, and no comments. */
export function elementsIn(xml: string, name: string): readonly string[] {
  const found: string[] = []
  const end = `</${name}>`
  let at = 0
  for (;;) {
    const begin = xml.indexOf(`<${name}`, at)
    if (begin === -1) return found
    const open = xml.indexOf('>', begin)
    const next = xml.charAt(begin + 1 + name.length)
    // `<Key>` is not `<KeyCount>`, and an empty element has no end.
    if (open === -1) return found
    at = open + 1
    if (next !== '>' && next !== ' ') continue
    const close = xml.indexOf(end, at)
    if (close === -1) return found
    found.push(xml.slice(at, close))
    at = close + end.length
  }
}

/** A text as it stands in an element. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

const named: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function unescaped(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{2,4}));/gi,
    (all, hex, decimal, name) => {
      if (name !== undefined) return named.get(name) ?? all
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : all
    },
  )
}
