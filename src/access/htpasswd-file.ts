/** A user of an htpasswd file. */
export interface HtpasswdUser {
  /** The bcrypt hash. */
  readonly hash: string
  /** Rounds of the hash, as a power of two. */
  readonly cost: number
  /** Where the user stands, counted from 1. */
  readonly line: number
}

/** What an htpasswd file says. */
export interface HtpasswdFile {
  /** By name, in the order of the file. */
  readonly users: ReadonlyMap<string, HtpasswdUser>
  /** What works and should be better, a sentence each. */
  readonly warnings: readonly string[]
}

/** An htpasswd file that cannot be used. No message has a hash or a password. */
export class HtpasswdError extends Error {
  override readonly name = 'HtpasswdError'
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('; '))
    this.problems = problems
  }
}

/** A lower cost is warned of: graphics cards try millions of passwords a second. */
export const leastCost = 8
/** A higher cost is refused: one check would take seconds. */
export const mostCost = 16

/** Named in full up to here; a file with more mistakes is something else. */
const mostProblems = 20

/** What a line that is not a bcrypt hash looks like; the first that fits. */
const otherKinds: ReadonlyArray<readonly [pattern: RegExp, kind: string]> = [
  [/^\$2/, 'a damaged bcrypt hash'],
  [/^\{SHA\}/i, 'a SHA-1 hash'],
  [/^\{/, 'a hash of another kind'],
  [/^\$apr1\$/, 'an MD5 hash'],
  [/^\$1\$/, 'an MD5 hash'],
  [/^\$[56]\$/, 'a SHA-2 crypt hash'],
  [/^\$argon2/, 'an Argon2 hash'],
  [/^\$(?:7|y|gy|scrypt)\$/, 'a scrypt or yescrypt hash'],
  [/^[./A-Za-z0-9]{13}$/, 'a crypt hash, or a password in plain text'],
  [/^$/, 'nothing'],
]

/**
 * Parses the text of an htpasswd file: one `name:hash` a line, empty lines and lines that begin with `#`.
 *
 * @throws HtpasswdError where a line is not that, or a hash is not bcrypt, and where there is no user.
 */
export function parseHtpasswd(text: string): HtpasswdFile {
  const users: Map<string, HtpasswdUser> = new Map()
  const problems: string[] = []
  const warnings: string[] = []
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const place = `line ${index + 1}`
    const entry = parseHtpasswdLine(raw)
    if (entry === null) continue
    const { user, hash } = entry
    if (hash === null) {
      problems.push(`${place}: is not name:hash, as htpasswd -B writes it`)
      continue
    }
    const who = `${place}, user ${JSON.stringify(user)}`
    const wrongName = wrongUserName(user)
    const earlier = users.get(user)
    const cost = costOf(hash)
    if (wrongName !== null) problems.push(`${who}: the name ${wrongName}`)
    else if (earlier !== undefined) {
      problems.push(`${who}: is in line ${earlier.line} too; remove one of them`)
    } else if (cost === null) {
      problems.push(`${who}: has ${kindOf(hash)} where bcrypt is wanted; write it with htpasswd -B`)
    } else if (cost > mostCost) {
      const advice = `a check would stall; write it with a cost of 10, and of ${mostCost} at most`
      problems.push(`${who}: bcrypt with a cost of ${cost}: ${advice}`)
    } else users.set(user, { hash, cost, line: index + 1 })
    if (cost !== null && cost < leastCost) {
      warnings.push(`${who}: a cost of ${cost} is quickly guessed; write it with htpasswd -B -C 10`)
    }
  }
  if (problems.length === 0 && users.size === 0) problems.push('there is no user in it')
  if (problems.length > 0) throw new HtpasswdError(shortened(problems))
  return { users, warnings }
}

/**
 * The parts of a line; null for an empty line and a comment. The hash is null where there is no colon.
 */
export function parseHtpasswdLine(
  line: string,
): { readonly user: string; readonly hash: string | null } | null {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return null
  const colon = text.indexOf(':')
  if (colon === -1) return { user: text, hash: null }
  return { user: text.slice(0, colon), hash: text.slice(colon + 1) }
}

/** Why a name cannot be that of a user, to follow "the name"; null where it can. */
export function wrongUserName(name: string): string | null {
  if (name === '') return 'is empty'
  if (name.length > 255) return 'is longer than 255 characters'
  if (name.includes(':')) return 'has a colon, which ends a name'
  if (/\p{Cc}|\p{Zl}|\p{Zp}|\p{Cs}/u.test(name)) return 'has a character that cannot be seen'
  if (name.startsWith('#')) return 'begins with #, which begins a comment'
  if (name.trim() !== name) return 'begins or ends with a space'
  return null
}

/** The cost of a bcrypt hash; null for a text that is not one. */
export function costOf(hash: string): number | null {
  const [, digits] = /^\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$/.exec(hash) ?? []
  return digits === undefined ? null : Number(digits)
}

/** bcrypt uses no more bytes of a password than this. */
const mostPasswordBytes = 72

const utf8 = new TextEncoder()

/** Whether bcrypt would use the beginning of a password alone, so that longer ones are the same to it. */
export function isTooLongForBcrypt(password: string): boolean {
  if (password.length > mostPasswordBytes) return true
  return password.length * 3 > mostPasswordBytes && utf8.encode(password).length > mostPasswordBytes
}

function kindOf(hash: string): string {
  return otherKinds.find(([pattern]) => pattern.test(hash))?.[1] ?? 'a password in plain text'
}

function shortened(problems: readonly string[]): readonly string[] {
  if (problems.length <= mostProblems) return problems
  return [...problems.slice(0, mostProblems), `and ${problems.length - mostProblems} more`]
}
