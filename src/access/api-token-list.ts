import * as v from 'valibot'
import { apiTokenId } from './api-token-text.ts'
import type { ApiToken, ApiTokenStore } from './api-tokens.ts'
import { wrongUserName } from './htpasswd-file.ts'
import type { Grant } from './login.ts'
import { hasPlaceholders, parseRepositoryPattern } from './policy/repository-pattern.ts'

/** A document of API tokens that cannot be used. */
export class ApiTokensError extends Error {
  override readonly name = 'ApiTokensError'
}

/** API tokens of a document. */
export interface ApiTokenList extends ApiTokenStore {
  find(id: string): ApiToken | null
  named(name: string): ApiToken | null
  generation(): number
  /**
   * Takes the tokens of another document instead.
   *
   * @throws ApiTokensError where it cannot be used; the tokens stay as they are then.
   */
  replace(text: string): void
}

/**
 * A store of the tokens of a document, as `layerdock token` keeps it.
 *
 * @throws ApiTokensError where it cannot be used.
 */
export function apiTokenList(text: string): ApiTokenList {
  let tokens = indexed(text)
  let generation = 0
  return {
    find: (id) => tokens.byId.get(id) ?? null,
    named: (name) => tokens.byName.get(name) ?? null,
    generation: () => generation,
    replace(next) {
      tokens = indexed(next)
      generation += 1
    },
  }
}

function indexed(text: string): {
  readonly byId: ReadonlyMap<string, ApiToken>
  readonly byName: ReadonlyMap<string, ApiToken>
} {
  const tokens = parseApiTokens(text)
  return {
    byId: new Map(tokens.map((token) => [token.id, token])),
    byName: new Map(tokens.map((token) => [token.name, token])),
  }
}

/**
 * Parses a document of API tokens.
 *
 * @throws ApiTokensError that names the place of what is wrong.
 */
export function parseApiTokens(text: string): readonly ApiToken[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // What the parser says may have a part of the text.
    throw new ApiTokensError('is not JSON')
  }
  const result = v.safeParse(document, value)
  if (!result.success) {
    const [issue] = result.issues
    throw new ApiTokensError(`${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`)
  }
  const { tokens } = result.output
  for (const [index, { id, name }] of tokens.entries()) {
    const earlier = tokens.findIndex((other) => other.id === id || other.name === name)
    if (earlier < index) {
      throw new ApiTokensError(`tokens.${index}: has the id or name of tokens.${earlier}`)
    }
  }
  return tokens
}

/** The document of tokens. */
export function formatApiTokens(tokens: readonly ApiToken[]): string {
  const time = (at: number): string => new Date(at).toISOString()
  const entries = tokens.map(({ created, expires, ...token }) => ({
    ...token,
    created: time(created),
    expires: expires === null ? null : time(expires),
  }))
  return `${JSON.stringify({ version: 1, tokens: entries }, null, 2)}\n`
}

/** Actions that a grant may have. */
export const grantableActions: readonly ['pull', 'push', 'delete', 'catalog', 'admin'] = [
  'pull',
  'push',
  'delete',
  'catalog',
  'admin',
]

/** What is wrong with the repositories of a grant, in words; null for nothing. */
export function wrongGrantPattern(text: string): string | null {
  if (text === 'registry:catalog') return null
  const pattern = parseRepositoryPattern(text)
  if ('problem' in pattern) return pattern.problem
  return hasPlaceholders(pattern) ? 'a grant has no {user} or {claim}: name the repositories' : null
}

/** What is wrong with the name of a token, to follow "the name"; null for nothing. */
export function wrongTokenName(name: string): string | null {
  return /^[A-Za-z0-9][A-Za-z0-9._@/-]{0,127}$/.test(name)
    ? null
    : 'is 1 to 128 letters, digits and . _ @ / -, and begins with a letter or digit'
}

const time = v.pipe(
  v.string('is not a time'),
  v.isoTimestamp('is not a time such as 2027-01-31T00:00:00.000Z'),
  v.transform((text) => Date.parse(text)),
)

const grant: v.GenericSchema<unknown, Grant> = v.strictObject({
  repositories: v.pipe(
    v.string('is not a pattern'),
    v.check(
      (text) => wrongGrantPattern(text) === null,
      ({ input }) => wrongGrantPattern(input) ?? '',
    ),
  ),
  actions: v.pipe(
    v.array(v.picklist(grantableActions, 'is not pull, push, delete, catalog or admin')),
    v.minLength(1, 'is empty'),
  ),
})

const token: v.GenericSchema<unknown, ApiToken> = v.strictObject({
  id: v.pipe(v.string('is not an id'), v.regex(apiTokenId, 'is not an id')),
  name: v.pipe(
    v.string('is not a name'),
    v.check((name) => wrongTokenName(name) === null, 'is not the name of a token'),
  ),
  owner: v.pipe(
    v.string('is not a name'),
    v.check((name) => wrongUserName(name) === null, 'is not the name of a user'),
  ),
  hash: v.pipe(v.string('is not a hash'), v.regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in hex')),
  created: time,
  expires: v.nullable(time),
  grants: v.nullable(v.pipe(v.array(grant), v.minLength(1, 'is empty, where null grants all'))),
})

const document = v.strictObject({
  version: v.literal(1, 'is not 1: this file is of another version of Layerdock'),
  tokens: v.array(token, 'is not a list'),
})
