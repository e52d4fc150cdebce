/** What a registry asks for with a 401 (RFC 9110, 11.6.1). */
export interface Challenge {
  readonly scheme: 'bearer' | 'basic'
  readonly parameters: ReadonlyMap<string, string>
}

/** Characters of the header that are looked at. */
const mostLength = 8192

const schemeStart = /^\s*,?\s*([A-Za-z]+)(?:\s+(?=[^=\s]+\s*=)|\s*(?=,|$))/
const parameter = /^\s*,?\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/

/** The challenges of a `WWW-Authenticate` header that we can answer, in its order. */
export function parseChallenges(header: string | null): readonly Challenge[] {
  let rest = (header ?? '').slice(0, mostLength)
  const challenges: Challenge[] = []
  for (;;) {
    const start = schemeStart.exec(rest)
    if (start === null) return challenges
    rest = rest.slice(start[0].length)
    const parameters: Map<string, string> = new Map()
    for (;;) {
      const found = parameter.exec(rest)
      if (found === null) break
      const [whole, key = '', quoted, plain] = found
      parameters.set(key.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '')
      rest = rest.slice(whole.length)
    }
    const scheme = (start[1] ?? '').toLowerCase()
    if (scheme === 'bearer' || scheme === 'basic') challenges.push({ scheme, parameters })
  }
}
