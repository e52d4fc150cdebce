/** What a terminal may take for a command, beyond what JSON escapes: DEL, C1, line separators. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the point
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** A client's text on one line, its control characters spelled out, at most `longest` characters. */
export function plain(text: string, longest: number): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text
  return short.replace(unsafe, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

/** Query parameters of the registry's own API: no other value ever reaches a log. */
const openParameters: ReadonlySet<string> = new Set([
  'artifactType',
  'digest',
  'digest-algorithm',
  'from',
  'last',
  'mount',
  'n',
  'ns',
  'tag',
])

/** A request target for a log: without credentials, and without values that could be secrets. */
export function loggedTarget(target: string): string {
  const bare = target.startsWith('/') ? target : target.replace(/^([a-z]+:\/\/)[^/?#]*@/i, '$1')
  const at = bare.indexOf('?')
  if (at === -1) return plain(bare, 1024)
  const query = bare.slice(at + 1).split('&')
  return plain(`${bare.slice(0, at)}?${query.map(openParameter).join('&')}`, 1024)
}

function openParameter(pair: string): string {
  const at = pair.indexOf('=')
  if (at === -1) return openParameters.has(pair) ? pair : '…'
  return openParameters.has(pair.slice(0, at)) ? pair : `${pair.slice(0, at)}=…`
}
