/** What the list of referrers, and summaries of what is attached, say. */
export interface ReferrersText {
  readonly title: string
  readonly none: string
  readonly noneHint: string
  /** What is attached to the manifest itself, where there is more than that. */
  readonly own: string
  readonly cut: string
  readonly by: Readonly<Record<'tag' | 'index', string>>
  readonly referrersOfIt: string
  readonly notVerified: string
  readonly other: string
  readonly signature: Readonly<
    Record<
      | 'title'
      | 'format'
      | 'signs'
      | 'name'
      | 'signedAt'
      | 'certificate'
      | 'log'
      | 'withCertificate'
      | 'withoutCertificate'
      | 'logged'
      | 'notLogged',
      string
    >
  >
  readonly sbom: {
    readonly packages: (count: string) => string
    readonly licences: (count: string) => string
    readonly withoutLicence: (count: string) => string
    readonly made: string
    readonly tool: string
    readonly about: string
    readonly files: string
    readonly package: string
    readonly version: string
    readonly licence: string
    readonly count: string
  }
  readonly provenance: Readonly<
    Record<
      'title' | 'builder' | 'buildType' | 'source' | 'started' | 'finished' | 'materials',
      string
    >
  >
  readonly statement: Readonly<Record<'predicate' | 'subject', string>>
}
