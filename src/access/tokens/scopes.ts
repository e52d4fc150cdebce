import { parseRepositoryName } from '../../oci/repository-name.ts'
import type { Action, Ask } from '../../ports/access.ts'

/** One entry of a token's `access` claim, as distribution defines it. */
export interface AccessEntry {
  /** `repository` or `registry`. */
  readonly type: string
  /** The repository; `catalog` or `admin` for `registry`. */
  readonly name: string
  readonly actions: readonly string[]
}

/** Scopes that one request is looked at for; what comes after is not granted. */
const mostScopes = 100

const repositoryActions = ['pull', 'push', 'delete'] as const
const registryNames: ReadonlyMap<string, Action> = new Map([
  ['catalog', 'catalog'],
  ['admin', 'admin'],
])

/**
 * Parses what a client asks for: each text is a scope, or several with spaces between. Malformed and unknown
 * ones are left out, since asking for too much is never an error; several for one resource become one.
 */
export function parseScopes(texts: readonly string[]): readonly AccessEntry[] {
  const found: Map<string, Set<string>> = new Map()
  for (const text of wordsOf(texts)) {
    const scope = parseScope(text)
    if (scope === null) continue
    const { type, name, actions } = scope
    const key = `${type}:${name}`
    let known = found.get(key)
    if (known === undefined) {
      known = new Set()
      found.set(key, known)
    }
    for (const action of actions) known.add(action)
  }
  return [...found].map(([key, actions]) => {
    const colon = key.indexOf(':')
    return { type: key.slice(0, colon), name: key.slice(colon + 1), actions: [...actions] }
  })
}

function wordsOf(texts: readonly string[]): readonly string[] {
  const words: string[] = []
  for (const text of texts) {
    for (const word of text.split(' ', mostScopes)) {
      if (word === '') continue
      if (words.length === mostScopes) return words
      words.push(word)
    }
  }
  return words
}

/**
 * Parses `type:name:actions`. A name may hold a colon (`host:port/name`), so the first and the last colon
 * count. A class behind the type, as in `repository(plugin)`, says nothing any more.
 */
function parseScope(text: string): AccessEntry | null {
  const [first, last] = [text.indexOf(':'), text.lastIndexOf(':')]
  if (first === last) return null
  const type = text.slice(0, first).replace(/\([a-z0-9]+\)$/, '')
  const name = text.slice(first + 1, last)
  const asked = text.slice(last + 1).split(',', 16)
  if (type === 'registry') {
    return registryNames.has(name) && asked.includes('*') ? { type, name, actions: ['*'] } : null
  }
  if (type !== 'repository' || parseRepositoryName(name) === null) return null
  const actions = repositoryActions.filter((each) => asked.includes(each) || asked.includes('*'))
  return actions.length === 0 ? null : { type, name, actions }
}

/**
 * What of the asked scopes is allowed.
 *
 * @param mostCharacters the JSON that the token has space for; what does not fit is not granted
 */
export function grantScopes(
  asked: readonly AccessEntry[],
  isAllowed: (ask: Ask) => boolean,
  mostCharacters: number,
): readonly AccessEntry[] {
  const granted: AccessEntry[] = []
  let left = mostCharacters
  for (const { type, name, actions } of asked) {
    const allowed = actions.filter((each) => {
      const ask = askOf(type, name, each)
      return ask !== null && isAllowed(ask)
    })
    if (allowed.length === 0) continue
    const entry = { type, name, actions: allowed }
    left -= JSON.stringify(entry).length + 1
    if (left < 0) break
    granted.push(entry)
  }
  return granted
}

function askOf(type: string, name: string, action: string): Ask | null {
  if (type === 'registry') {
    const known = registryNames.get(name)
    return known === undefined ? null : { action: known, repository: null, reference: null }
  }
  const repository = parseRepositoryName(name)
  return repository === null ? null : { action: action as Action, repository, reference: null }
}

/** Whether the access of a token covers an ask. */
export function coversAsk(access: readonly AccessEntry[], { action, repository }: Ask): boolean {
  if (action === 'ping') return true
  if (repository === null) return holds(access, 'registry', action, '*')
  return holds(access, 'repository', repository, action)
}

function holds(
  access: readonly AccessEntry[],
  type: string,
  name: string,
  action: string,
): boolean {
  for (const entry of access) {
    if (entry.name === name && entry.type === type && entry.actions.includes(action)) return true
  }
  return false
}

/** Access as text: `repository:team/app:pull,push registry:catalog:*`. */
export function formatScopes(access: readonly AccessEntry[]): string {
  return access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`).join(' ')
}
