import type { JSONWebKeySet, JWSHeaderParameters } from 'jose'
import { RegistryError } from '../../oci/registry-error.ts'
import { fetchJson, trustedUrl } from './fetch-json.ts'

/** A key that may verify a token. */
export type VerifyKey = CryptoKey | Uint8Array

/** The keys of an issuer. */
export interface IssuerKeys {
  /**
   * The keys that a token with this header may be signed with: by `kid` where it has one, and of the type that
   * its `alg` takes. None for an unknown key.
   *
   * @throws RegistryError `unavailable` where the keys have to be fetched and cannot be.
   */
  find(header: JWSHeaderParameters): Promise<readonly VerifyKey[]>
  /** Fetches what has to be fetched. @throws Error that says what is wrong. */
  check(): Promise<void>
}

/** Keys of one kid and type that a token is tried with. */
const mostCandidates = 8

/** Keys that are given. */
export function localKeys(jwks: JSONWebKeySet): IssuerKeys {
  let finder: Promise<Finder> | null = null
  const ready = (): Promise<Finder> => {
    finder ??= finderOf(jwks)
    return finder
  }
  return {
    find: async (header) => (await ready())(header),
    check: async () => void (await ready()),
  }
}

/** One secret for the HMAC algorithms. */
export function secretKey(secret: Uint8Array): IssuerKeys {
  return { find: async () => [secret], check: async () => {} }
}

/** Where keys are fetched, and how. */
export interface RemoteKeyOptions {
  /** The name of the issuer in messages. */
  readonly name: string
  /** The address of the JWKS; where there is none, `issuer` says it in its configuration. */
  readonly url?: string
  readonly issuer: string
  readonly fetch: typeof fetch
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Told why keys could not be fetched. */
  readonly onProblem: (message: string) => void
}

type Finder = (header: JWSHeaderParameters) => Promise<readonly VerifyKey[]>

const timeoutMs = 5_000
/** An issuer that drops a key is believed so much longer. */
const freshMs = 600_000
/** How long keys are used while they cannot be fetched again. */
const staleMs = 3_600_000
/** Tokens with unknown keys make no more than one request in this time. */
const unknownMs = 30_000
/** The same after a failure. */
const failedMs = 5_000

/** Keys that are fetched when they are first needed, and again by age and for a key that is not known. */
export function remoteKeys(options: RemoteKeyOptions): IssuerKeys {
  const { name, clock } = options
  let known: { readonly find: Finder; readonly fetchedAt: number } | null = null
  let failure: { readonly error: unknown; readonly at: number } | null = null
  let running: Promise<void> | null = null

  function isWithin(at: number, ms: number): boolean {
    const age = clock() - at
    return age >= 0 && age < ms
  }

  /** One request at a time; after a failure none for a while. */
  function fetched(): Promise<void> {
    if (failure !== null && isWithin(failure.at, failedMs)) return Promise.reject(failure.error)
    running ??= load().finally(() => {
      running = null
    })
    return running
  }

  async function load(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const from = { fetch: options.fetch, signal }
      const url = options.url ?? (await discover(options.issuer, from))
      const jwks = (await fetchJson(url, from)) as JSONWebKeySet
      known = { find: await finderOf(jwks), fetchedAt: clock() }
      failure = null
    } catch (error) {
      failure = { error, at: clock() }
      options.onProblem(`issuer ${name}: ${causeOf(error)}`)
      throw error
    }
  }

  function unavailable(cause: unknown): RegistryError {
    return new RegistryError('unavailable', {
      advice: `the keys of the issuer ${name} cannot be fetched now; try again later`,
      headers: { 'Retry-After': String(failedMs / 1000) },
      cause,
    })
  }

  async function current(): Promise<Finder> {
    if (known !== null && isWithin(known.fetchedAt, freshMs)) return known.find
    try {
      await fetched()
    } catch (error) {
      if (known === null || !isWithin(known.fetchedAt, staleMs)) throw unavailable(error)
    }
    if (known === null) throw unavailable(null)
    return known.find
  }

  return {
    async find(header) {
      const find = await current()
      const found = await find(header)
      if (found.length > 0 || known === null || isWithin(known.fetchedAt, unknownMs)) return found
      try {
        await fetched()
      } catch (error) {
        throw unavailable(error)
      }
      return known.find(header)
    },

    async check() {
      try {
        await fetched()
      } catch (error) {
        throw new Error(causeOf(error))
      }
    },
  }
}

/** What an issuer's configuration says (OpenID Connect Discovery). */
async function discover(
  issuer: string,
  from: { readonly fetch: typeof fetch; readonly signal: AbortSignal },
): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const document = (await fetchJson(url, from)) as Record<string, unknown> | null
  const says = document?.issuer
  if (says !== issuer) {
    throw new Error(`${url} is of the issuer ${JSON.stringify(says)}, not of ${issuer}`)
  }
  const { jwks_uri: keys } = document ?? {}
  if (typeof keys !== 'string') throw new Error(`${url} has no jwks_uri`)
  return trustedUrl(keys).href
}

/**
 * The keys of a JWKS, without entries that are not objects: one of those must not cost all the others.
 *
 * @throws Error where it is not one, or has keys that are not public.
 */
export function publicKeys(jwks: JSONWebKeySet): JSONWebKeySet['keys'] {
  const { keys } = (jwks ?? {}) as Partial<JSONWebKeySet>
  if (!Array.isArray(keys)) throw new Error('the document is not a JWKS: it has no keys')
  if (keys.some((key) => key?.d !== undefined || key?.k !== undefined)) {
    throw new Error('the JWKS has private keys; leave them out')
  }
  return keys.filter((key) => typeof key === 'object' && key !== null && !Array.isArray(key))
}

async function finderOf(jwks: JSONWebKeySet): Promise<Finder> {
  const [{ createLocalJWKSet }, { JWKSMultipleMatchingKeys }] = await Promise.all([
    import('jose/jwks/local'),
    import('jose/errors'),
  ])
  const set = createLocalJWKSet({ keys: publicKeys(jwks) })
  return async (header) => {
    try {
      return [await set(header)]
    } catch (error) {
      // A key that cannot be used, such as one of RSA that is too short, is as good as none. The runtime has its own
      // errors for those that it cannot read.
      if (!(error instanceof JWKSMultipleMatchingKeys)) return []
      const found: CryptoKey[] = []
      for await (const key of error) {
        if (found.push(key) === mostCandidates) break
      }
      return found
    }
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `there was no whole answer within ${timeoutMs / 1000} s`
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return `${error.message}: ${'code' in cause ? String(cause.code) : cause.message}`
}
