/** In which form a view is sent. */
export type Form = 'html' | 'json' | 'text'

/**
 * What a client asks for. A browser names `text/html`, a program that wants the data `application/json`. A
 * client that names neither, such as curl, gets `text` where a view has one, and HTML elsewhere.
 */
export function wantedForm(accept: string | null): Form {
  const html = weightOf(accept ?? '', ['text/html', 'application/xhtml+xml'])
  const json = weightOf(accept ?? '', ['application/json'])
  if (html === 0 && json === 0) return 'text'
  return json > html ? 'json' : 'html'
}

/** The highest weight that one of these types has in an Accept header (RFC 9110, section 12.5.1). */
function weightOf(accept: string, types: readonly string[]): number {
  let highest = 0
  for (const range of accept.slice(0, 1024).split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    if (!types.includes(type)) continue
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    const value = weight === undefined ? 1 : Number(weight.slice(2))
    if (value > highest && value <= 1) highest = value
  }
  return highest
}
