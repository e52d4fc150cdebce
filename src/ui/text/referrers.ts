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

/** ReferrersText in English. */
export const referrersText: ReferrersText = {
  title: 'Referrers',
  none: 'Nothing refers to this',
  noneHint: 'Attached signatures, SBOMs and attestations appear here.',
  own: 'Attached to this manifest',
  cut: 'Not all are shown.',
  by: { tag: 'attached by a tag', index: 'attached by the index' },
  referrersOfIt: 'Attached to it',
  notVerified: 'The registry shows what the signature says, and does not verify it.',
  other: 'It describes another digest than the one it is attached to.',
  signature: {
    title: 'Signature',
    format: 'Format',
    signs: 'Signed digest',
    name: 'Signed name',
    signedAt: 'Signed at',
    certificate: 'Certificate',
    log: 'Transparency log',
    withCertificate: 'included',
    withoutCertificate: 'none: signed with a key',
    logged: 'has an entry',
    notLogged: 'no entry',
  },
  sbom: {
    packages: (count) => (count === '1' ? '1 package' : `${count} packages`),
    licences: (count) => (count === '1' ? '1 licence' : `${count} licences`),
    withoutLicence: (count) => `${count} without a licence`,
    made: 'Made',
    tool: 'Tool',
    about: 'About',
    files: 'Files',
    package: 'Package',
    version: 'Version',
    licence: 'Licence',
    count: 'Packages',
  },
  provenance: {
    title: 'Provenance',
    builder: 'Builder',
    buildType: 'Build type',
    source: 'Source',
    started: 'Started',
    finished: 'Finished',
    materials: 'Materials',
  },
  statement: { predicate: 'Predicate', subject: 'Subject' },
}
