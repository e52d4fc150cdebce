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

/**
 * What a secret looks like. No pattern takes a quote or half an escape, so that a line of JSON stays one; and none
 * looks far ahead from many places, since clients choose the text.
 */
const secrets: ReadonlyArray<readonly [pattern: RegExp, instead: string]> = [
  // A JWT, an API token of ours, a bcrypt hash, a private key.
  [/\beyJ[\w-]{8,}(?:\.[\w-]*)*/g, '…'],
  [/\bldk_\w{8,}/g, '…'],
  [/\$2[abxy]\$\d\d\$[\w./]+/g, '…'],
  [/(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?:[^"\\]|\\.)*/g, '$1…'],
  // Credentials in a URL, in a header, and behind a name.
  [/(:\/\/|:%2f%2f)(?:[^\s/"\\@:]{0,256}:[^\s"\\@]{1,1024}|[^\s/"\\@]{1,1024})@/gi, '$1…@'],
  [/\b(Basic|Bearer)((?:\s|\+|%20)+)(?=[^\s"\\]*[\d=_+/-])(?!realm=)[^\s"\\]{8,}/gi, '$1$2…'],
  [
    /\b([\w-]{0,32}(?:password|passwd|pwd|token|secret|api[_-]?key|session))(=|%3d)[^\s"\\&]+/gi,
    '$1$2…',
  ],
]

/** Most texts have none of these, so this is all that they cost. */
const mayHaveSecret = /eyJ|ldk_|\$2|PRIVATE|@|basic|bearer|passw|pwd|token|secret|key|session/i

/**
 * A text without what looks like a secret: for texts of clients and operators that a person will read. What looks
 * like any other word cannot be told from one.
 */
export function withoutSecrets(text: string): string {
  if (!mayHaveSecret.test(text)) return text
  return secrets.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text)
}

/** What a client calls itself, for a log: one line, without what looks like a secret. */
export function loggedAgent(userAgent: string): string {
  return remembered(agents, userAgent, lookedAgent)
}

function lookedAgent(userAgent: string): string {
  return plain(withoutSecrets(userAgent.slice(0, mostLooked)), 256)
}

/** Texts that are logged as they are. Those with a secret are not among them. */
type Harmless = Set<string>

const agents: Harmless = new Set()
const targets: Harmless = new Set()
/** Most requests say again what others said before, and looking costs as much as the rest of a line. */
const mostRemembered = 512
const longestRemembered = 512

function remembered(harmless: Harmless, text: string, look: (text: string) => string): string {
  if (harmless.has(text)) return text
  const logged = look(text)
  if (logged !== text || text.length > longestRemembered) return logged
  if (harmless.size >= mostRemembered) harmless.clear()
  harmless.add(text)
  return logged
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

/** What their values are made of: names, digests, numbers and media types. */
const openValue = /^(?:[\w.:/+~-]|%2[bf]|%3a)*$/i

/** Of a text of a client, no more than this is looked at; less of it is shown. */
const mostLooked = 4096

/** Where a path ends, also for programs that write it in another way. */
const pathEnd = /[?#;]|%3f|%23|%3b/i

/** A request target for a log: without credentials, and without values that could be secrets. */
export function loggedTarget(given: string): string {
  return remembered(targets, given, lookedTarget)
}

function lookedTarget(given: string): string {
  const target = given.slice(0, mostLooked)
  // Credentials stand before the host, in all forms but that of a path.
  const bare = /^\/(?!\/)/.test(target)
    ? target
    : target.replace(/^((?:[a-z][a-z0-9+.-]*:)?\/\/)?[^/?#]*@/i, '$1')
  const end = pathEnd.exec(bare)
  if (end === null) return plain(withoutSecrets(bare), 1024)
  const path = withoutSecrets(bare.slice(0, end.index))
  if (end[0] !== '?') return plain(`${path}${end[0]}…`, 1024)
  const query = bare.slice(end.index + 1).split('&')
  return plain(`${path}?${query.map(openParameter).join('&')}`, 1024)
}

function openParameter(pair: string): string {
  const at = pair.indexOf('=')
  if (at === -1) return openParameters.has(pair) ? pair : '…'
  const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
  const isOpen = openParameters.has(name) && (name === 'n' ? /^\d*$/ : openValue).test(value)
  return isOpen ? withoutSecrets(pair) : `${name}=…`
}
