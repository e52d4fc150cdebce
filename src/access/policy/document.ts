/**
 * A policy as it is written, in a file or in code. Rules are looked at in order, and the first that matches decides.
 * What no rule matches is refused.
 */
export interface PolicyDocument {
  readonly rules: readonly RuleDocument[]
  /** Tags that are made once and stay where they are. */
  readonly immutable?: readonly ImmutableDocument[]
  /** The members of groups, by the names that logins give them. */
  readonly groups?: Readonly<Record<string, readonly string[]>>
  /** Those whose tokens are believed. */
  readonly issuers?: readonly IssuerDocument[]
  /** How many bytes a repository may have. The first that matches a repository counts. */
  readonly quotas?: readonly QuotaDocument[]
}

/** What a rule may allow or deny. */
export type PolicyAction = 'pull' | 'push' | 'delete' | 'catalog' | 'admin'

/** One text, or several. */
export type OneOrMore<T> = T | readonly T[]

/**
 * Callers: `user:alice`, `group:developers`, `*` (every caller with a name), `anonymous` (every caller), or those
 * with a token of an issuer whose claims are these.
 */
export type WhoDocument = string | IssuerWhoDocument

/** Callers with a token of an issuer. */
export interface IssuerWhoDocument {
  /** The name of the issuer. */
  readonly issuer: string
  readonly claims?: ClaimsDocument
}

/** Each claim has to have one of its values, in which `*` stands for any characters. */
export type ClaimsDocument = Readonly<Record<string, OneOrMore<string | number | boolean>>>

/** A rule. It has `allow` or `deny`. */
export interface RuleDocument {
  /** For logs and audit lines. */
  readonly name?: string
  readonly who: OneOrMore<WhoDocument>
  /** Patterns. May be left out where the rule is about `catalog` and `admin` alone. */
  readonly repositories?: OneOrMore<string>
  readonly allow?: OneOrMore<PolicyAction>
  readonly deny?: OneOrMore<PolicyAction>
  /** Narrows `push` and `delete` to tags. */
  readonly tags?: OneOrMore<string>
}

/** Tags that may be made, and neither moved nor deleted. */
export interface ImmutableDocument {
  readonly repositories: OneOrMore<string>
  readonly tags: OneOrMore<string>
  /** Callers who may move and delete them nevertheless. */
  readonly except?: OneOrMore<WhoDocument>
}

/** Where the public keys of an issuer are. */
export type KeysDocument = { readonly url: string } | { readonly file: string }

/** Whose tokens are believed, and what is read from them. */
export interface IssuerDocument {
  /** What rules call it. Principals are called `<name>:<user claim>`. Has no `:`. */
  readonly name: string
  /** The `iss` of its tokens, exactly: an https URL, or http on this machine for tests. */
  readonly issuer: string
  /** A token's `aud` has to have one of these. */
  readonly audiences: readonly string[]
  /** A JWKS. Default: what `<issuer>/.well-known/openid-configuration` says. */
  readonly keys?: KeysDocument
  /** The signature algorithms that are accepted. Default: RS256, ES256 and EdDSA. */
  readonly algorithms?: readonly string[]
  /** The claim that names the caller. Default: `sub`. */
  readonly user?: string
  /** The claim that lists the caller's groups. Default: none is read. */
  readonly groups?: string
  /** What the claims of a token have to be for it to be believed at all. */
  readonly claims?: ClaimsDocument
  /** Whether a token may be given as the password. Default: true. */
  readonly exchange?: boolean
  /** Whether the caller may do no more than the `access` claim says, which Docker's tokens have. Default: false. */
  readonly dockerAccess?: boolean
  /** By how many seconds the issuer's clock may differ from ours. Default: 60. */
  readonly clockSkewSeconds?: number
  /**
   * How long, in seconds, a client may go on with tokens of ours that it got for one of the issuer: 60 to 86400.
   * Default: 900.
   */
  readonly sessionSeconds?: number
}

/** How many bytes each repository of these may have. */
export interface QuotaDocument {
  readonly repositories: OneOrMore<string>
  /** A number of bytes, or text such as `500MiB` or `10GB`. */
  readonly bytes: number | string
}
