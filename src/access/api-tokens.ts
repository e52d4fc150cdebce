import { apiTokenIdOf, areSameHashes, hashApiToken, makeApiTokenText } from './api-token-text.ts'
import type { Grant, Identified, Login, LoginResult } from './login.ts'

/** What is known of an API token. The token itself is not. */
export interface ApiToken {
  /** The part of the token that is no secret. */
  readonly id: string
  /** What people call it; no other token of the store has this name. */
  readonly name: string
  /** The principal that it acts for. */
  readonly owner: string
  /** The SHA-256 of the token, in hex. */
  readonly hash: string
  /** Milliseconds since the epoch. */
  readonly created: number
  /** The same; null for never. */
  readonly expires: number | null
  /** The most it may do, whatever its owner may do besides; null for all of that. */
  readonly grants: readonly Grant[] | null
}

/** Where API tokens are kept. {@link apiTokenList} is one, of a document; a program may ask its database. */
export interface ApiTokenStore {
  /** The token with an id. */
  find(id: string): ApiToken | null | Promise<ApiToken | null>
  /** The token with a name. Without this method, clients get no refresh tokens for API tokens. */
  named?(name: string): ApiToken | null | Promise<ApiToken | null>
  /** As of a `Login`. */
  generation?(): number
}

/** What a new token is for. */
export type ApiTokenWish = Pick<ApiToken, 'name' | 'owner' | 'expires' | 'grants'>

/**
 * Makes a token: the text for its owner, which is kept nowhere, and what the store keeps.
 *
 * @param now milliseconds since the epoch
 */
export function createApiToken(
  wish: ApiTokenWish,
  now: number = Date.now(),
): { readonly text: string; readonly token: ApiToken } {
  const text = makeApiTokenText()
  const id = apiTokenIdOf(text) ?? ''
  const { name, owner, expires, grants } = wish
  return {
    text,
    token: { id, name, owner, hash: hashApiToken(text), created: now, expires, grants },
  }
}

/** How API tokens are checked. */
export interface ApiTokensOptions {
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

/**
 * A login of API tokens, as password beside any user name, and as bearer token. Their principal is the owner, with
 * the token's name and grants in its details.
 *
 * @example
 * const logins = [apiTokens(apiTokenList(await readFile('tokens.json', 'utf8'))), htpasswd(users)]
 */
export function apiTokens(store: ApiTokenStore, options: ApiTokensOptions = {}): Login {
  const clock = options.clock ?? Date.now

  async function check(text: string): Promise<LoginResult> {
    const id = apiTokenIdOf(text)
    if (id === null) return null
    const token = await store.find(id)
    const isRight = areSameHashes(token?.hash ?? noHash, hashApiToken(text))
    if (token === null || !isRight || isOver(token)) return refused
    return identified(token)
  }

  function isOver({ expires }: ApiToken): boolean {
    return expires !== null && expires <= clock()
  }

  return {
    name: 'token',
    isUnguessable: true,
    // The owner's name would say nothing that the token does not say.
    password: (_user, password) => check(password),
    bearer: check,
    async stampOf(id, details) {
      const name = details?.token
      const token = typeof name === 'string' ? ((await store.named?.(name)) ?? null) : null
      return token === null || token.owner !== id || isOver(token) ? null : identified(token)
    },
    generation: () => store.generation?.() ?? 0,
  }
}

/** Compared with where there is no such token, so that both take the same time. */
const noHash = '0'.repeat(64)

const refused: LoginResult = {
  rejected: true,
  message: 'the token is not known, was revoked, or has expired',
}

function identified({ name, owner, hash, expires, grants }: ApiToken): Identified {
  return {
    principal: {
      id: owner,
      details: { login: 'token', token: name, ...(grants === null ? {} : { grants }) },
    },
    stamp: hash,
    ...(expires === null ? {} : { expiresAt: expires }),
  }
}
