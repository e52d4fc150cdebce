import type { KeysDocument, PolicyAction } from './document.ts'
import type { RepositoryPattern } from './repository-pattern.ts'
import type { TagPattern } from './tag-pattern.ts'
import type { ClaimRules, Who } from './who.ts'

/** A policy that was read and is right, with its defaults filled in. {@link parsePolicy} makes it. */
export interface ReadPolicy {
  readonly rules: readonly Rule[]
  readonly immutable: readonly ImmutableRule[]
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>
  readonly issuers: readonly Issuer[]
  readonly quotas: readonly Quota[]
}

/** A rule that was read. */
export interface Rule {
  /** Where it stands: `rules[2]`. */
  readonly path: string
  /** The same with its name: `rules[2] "ci pushes"`. */
  readonly label: string
  readonly who: readonly Who[]
  readonly repositories: readonly RepositoryPattern[]
  readonly effect: 'allow' | 'deny'
  readonly actions: ReadonlySet<PolicyAction>
  /** Null where it is not about tags. */
  readonly tags: readonly TagPattern[] | null
}

/** Tags that may be made, and neither moved nor deleted. */
export interface ImmutableRule {
  /** Such as `immutable[0]`. */
  readonly label: string
  readonly repositories: readonly RepositoryPattern[]
  readonly tags: readonly TagPattern[]
  readonly except: readonly Who[]
}

/** An issuer that was read; see `IssuerDocument` for what its fields mean. */
export interface Issuer {
  readonly name: string
  readonly issuer: string
  readonly audiences: readonly string[]
  /** Undefined: what the issuer's own configuration says. */
  readonly keys?: KeysDocument
  readonly algorithms: readonly string[]
  readonly user: string
  /** Undefined: groups are not read. */
  readonly groups?: string
  /** Empty: every token of the issuer is believed. */
  readonly claims: ClaimRules
  readonly exchange: boolean
  readonly dockerAccess: boolean
  readonly clockSkewSeconds: number
  readonly sessionSeconds: number
}

/** A quota that was read. */
export interface Quota {
  /** Without placeholders. */
  readonly repositories: readonly RepositoryPattern[]
  readonly bytes: number
}

/** Something wrong with a policy, or to think about. */
export interface PolicyFinding {
  /** Where: `rules[2].allow[0]`; empty for the document as a whole. */
  readonly path: string
  /** What, and what to do. */
  readonly message: string
}
