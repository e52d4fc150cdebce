import { type ErrorName, RegistryError } from '../index.ts'

/**
 * What some stores can do and others cannot:
 *
 * - `reopen`: what was kept outlives `close`, and can be opened again.
 * - `secondInstance`: two instances of the store may be open over the same data at once.
 * - `outages`: the test can make the store unavailable, with {@link StorePlace.failOnce}.
 * - `presign`: the store makes URLs that its bytes can be fetched from.
 * - `bytes`: the metadata store counts the bytes of repositories, and holds them to a quota.
 * - `usage`: the metadata store notes when manifests lost their last tag, and when they were pulled.
 * - `reasons`: the metadata store tells what a collection would free, and why bytes are kept.
 * - `trash`: the metadata store brings back what was deleted (`keepsTrash`).
 * - `browsing`: the metadata store notes who pushed what, how large it is and when, and has all methods of `Browsing`.
 * - `conditions`: its deletions look at `expect`, `notSince` and `unlessHas` (`checksDeletions`).
 * - `outbox`: the metadata store keeps messages with changes (`outbox`).
 * - `clock`: the test can let time pass by the clock that durations are held against.
 */
export type Need =
  | 'reopen'
  | 'secondInstance'
  | 'outages'
  | 'presign'
  | 'bytes'
  | 'usage'
  | 'reasons'
  | 'trash'
  | 'browsing'
  | 'conditions'
  | 'outbox'
  | 'clock'

/** What a store supports. A need that is not named is not supported. */
export type Supports = Readonly<Partial<Record<Need, boolean>>>

/** Where the data of one store is kept, so that it can be opened more than once. */
export interface StorePlace<Store> {
  /**
   * Opens the store over what is kept here: at first nothing. A case that needs `reopen` calls it again
   * after it closed the store before, one that needs `secondInstance` also while that is open.
   */
  open(): Store | Promise<Store>
  /**
   * Makes one access of the store to its data fail, in whichever method that is: the data is found
   * unavailable, and nothing changes. Needed for `outages`.
   *
   * @param skip how many accesses go well before it; default: none
   * @returns a function that calls it off, and says whether it had happened
   */
  failOnce?(skip?: number): () => boolean
}

/**
 * One thing every implementation of a port must do. Cases need no test runner: a case that holds
 * resolves, and one that does not throws {@link ContractBroken}.
 */
export interface ContractCase<Make> {
  readonly name: string
  /** What a store must support for this case to be run on it. */
  readonly needs: readonly Need[]
  /** `make` gives a fresh, empty place; it is called once. */
  run(make: Make): Promise<void>
}

/** A case that a store is not held to, and why. */
export interface UnsupportedCase {
  readonly name: string
  /** Such as "needs reopen, which this store does not support". */
  readonly reason: string
}

/**
 * Splits a contract into the cases to run on a store and those to show as skipped.
 *
 * @example
 * const { runnable, unsupported } = casesFor(blobStoreContract, { reopen: true })
 * for (const { name, run } of runnable) test(name, () => run(makePlace))
 * for (const { name, reason } of unsupported) test.skip(`${name} (${reason})`)
 */
export function casesFor<Case extends ContractCase<never>>(
  contract: readonly Case[],
  supports: Supports,
): { readonly runnable: readonly Case[]; readonly unsupported: readonly UnsupportedCase[] } {
  const runnable: Case[] = []
  const unsupported: UnsupportedCase[] = []
  for (const each of contract) {
    const missing = each.needs.filter((need) => supports[need] !== true)
    if (missing.length === 0) runnable.push(each)
    else {
      const reason = `needs ${missing.join(' and ')}, which this store does not support`
      unsupported.push({ name: each.name, reason })
    }
  }
  return { runnable, unsupported }
}

/** A store does something else than its port says. */
export class ContractBroken extends Error {
  override readonly name = 'ContractBroken'
}

/** Fails the case unless `condition` is true; `expectation` says what should have been so. */
export function holds(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new ContractBroken(expectation)
}

/** Fails the case unless both are alike in every part; a field that is undefined counts as absent. */
export function equals(actual: unknown, expected: unknown, what: string): void {
  if (alike(actual, expected)) return
  throw new ContractBroken(`${what}: expected ${textOf(expected)}, got ${textOf(actual)}`)
}

/** Fails the case unless `action` throws or rejects. */
export async function rejects(action: () => Promise<unknown>, expectation: string): Promise<void> {
  try {
    await action()
  } catch {
    return
  }
  throw new ContractBroken(expectation)
}

/** Fails the case unless `action` throws or rejects with a RegistryError of `kind`. */
export async function rejectsWith(
  kind: ErrorName,
  action: () => Promise<unknown>,
  expectation: string,
): Promise<void> {
  let result: unknown
  try {
    result = await action()
  } catch (error) {
    if (error instanceof RegistryError && error.kind === kind) return
    throw new ContractBroken(`${expectation}: expected RegistryError ${kind}, got ${error}`, {
      cause: error,
    })
  }
  throw new ContractBroken(`${expectation}: expected RegistryError ${kind}, got ${textOf(result)}`)
}

function alike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (a instanceof Uint8Array && b instanceof Uint8Array) return sameBytes(a, b)
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => alike(item, b[index]))
  }
  if (!isRecord(a) || !isRecord(b) || Array.isArray(a) !== Array.isArray(b)) return false
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].every((key) => alike(a[key], b[key]))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false
  for (let index = 0; index < a.byteLength; index += 1) if (a[index] !== b[index]) return false
  return true
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
}

function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`
  return JSON.stringify(value)?.slice(0, 2000) ?? String(value)
}
