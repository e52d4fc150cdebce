import type { TagOrder } from '../../ports/browsing.ts'

/** What the page of a repository says. */
export interface RepositoryText {
  readonly tags: string
  readonly untagged: string
  readonly about: (digest: string) => string
  readonly aboutTab: string
  readonly tag: string
  readonly platforms: string
  readonly digest: string
  readonly size: string
  readonly pushed: string
  readonly by: string
  readonly kind: string
  readonly lastPush: string
  readonly licence: string
  readonly source: string
  readonly documentation: string
  readonly filter: string
  readonly orders: Readonly<Record<TagOrder, string>>
  readonly noneFound: (q: string) => string
  readonly showAll: string
  readonly noTags: string
  readonly noTagsHint: string
  readonly signed: string
  readonly referrer: string
  readonly referrers: string
  readonly more: (count: number) => string
  readonly platformMissing: string
  readonly unreadable: string
  readonly copyDigest: string
  readonly choose: string
  readonly chooseTag: (tag: string) => string
  readonly removeChosen: string
  readonly remove: string
  readonly noneUntagged: string
  readonly untaggedHint: string
  readonly untaggedAt: string
  readonly kinds: {
    readonly image: string
    readonly index: string
    readonly helm: string
    readonly signature: string
    readonly sbom: string
    readonly attestation: string
    readonly wasm: string
  }
  readonly nothingSaid: string
  readonly saidBy: string
  readonly title: string
  readonly description: string
  readonly version: string
  readonly home: string
  readonly readme: string
  readonly vendor: string
  readonly authors: string
  readonly revision: string
  readonly base: string
  readonly created: string
}

/** RepositoryText in English. */
export const repositoryText: RepositoryText = {
  tags: 'Tags',
  untagged: 'Untagged',
  about: (digest) => `about ${digest}`,
  aboutTab: 'About',
  tag: 'Tag',
  platforms: 'Platforms',
  digest: 'Digest',
  size: 'Size',
  pushed: 'Pushed',
  by: 'by',
  kind: 'Kind',
  lastPush: 'Last push',
  licence: 'Licence',
  source: 'Source',
  documentation: 'Documentation',
  filter: 'Filter tags',
  orders: { updated: 'Newest', version: 'Version', name: 'Name', size: 'Size' },
  noneFound: (q) => `No tag has “${q}” in its name`,
  showAll: 'Show all tags',
  noTags: 'No tags',
  noTagsHint: 'Nothing here has a name yet. Push a tag, and it will show up.',
  signed: 'Signed',
  referrer: 'referrer',
  referrers: 'referrers',
  more: (count) => `+${count} more`,
  platformMissing: 'not in this repository',
  unreadable: 'Its content is missing',
  copyDigest: 'Copy the digest',
  choose: 'Choose',
  chooseTag: (tag) => `Choose ${tag}`,
  removeChosen: 'Delete chosen…',
  remove: 'Delete…',
  noneUntagged: 'Every manifest here has a tag',
  untaggedHint:
    'Manifests that no tag stands for any more. Parts of multi-platform images, signatures and the like are not among them.',
  untaggedAt: 'lost its tag',
  kinds: {
    image: 'Image',
    index: 'Multi-platform image',
    helm: 'Helm chart',
    signature: 'Signature',
    sbom: 'SBOM',
    attestation: 'Attestation',
    wasm: 'WebAssembly',
  },
  nothingSaid: 'The newest image says nothing about itself.',
  saidBy: 'As the image says of itself under the tag',
  title: 'Title',
  description: 'Description',
  version: 'Version',
  home: 'Home page',
  readme: 'Readme',
  vendor: 'Vendor',
  authors: 'Authors',
  revision: 'Revision',
  base: 'Base image',
  created: 'Created',
}
