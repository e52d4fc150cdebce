import type { Ask, CatalogScope, Principal, Ruling } from '../ports/access.ts'

/** What callers may do. `accessPolicy()` makes one of a document; a program may bring its own. */
export interface Policy {
  /** Whether anonymous callers may do anything at all. */
  readonly isPublic: boolean
  /**
   * The decision on one ask, with the rule that made it. `login` where the caller is anonymous and a caller
   * with a name might be allowed; `ping` is not asked.
   */
  decide(principal: Principal | null, ask: Ask): Ruling
  /**
   * Whether an ask that names no tag or digest is allowed for one of them at least. Tokens are made for such asks.
   * Without this method, what `decide` says of them counts.
   */
  isPossible?(principal: Principal | null, ask: Ask): boolean
  /** What a caller may see in the catalog; undefined where it cannot be told without looking at each name. */
  catalog(principal: Principal | null): CatalogScope | 'all' | undefined
}
