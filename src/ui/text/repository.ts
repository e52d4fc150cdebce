import type { TagOrder } from '../../ports/browsing.ts'

/** What the page of a repository says. */
export interface RepositoryText {
  readonly tags: string
  readonly untagged: string
  readonly about: string
  readonly attachedTo: (digest: string) => string
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
  /** What is read out when the list has changed. */
  readonly counted: (count: number, more: boolean) => string
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
  readonly copyPull: string
  readonly choose: string
  readonly chooseTag: (tag: string) => string
  readonly removeChosen: string
  readonly remove: string
  readonly noneUntagged: string
  readonly untaggedHint: string
  readonly noneUntaggedHint: string
  readonly untaggedAt: string
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
  about: 'About',
  attachedTo: (digest) => `of ${digest}`,
  tag: 'Tag',
  platforms: 'Platforms',
  digest: 'Digest',
  size: 'Size',
  pushed: 'Pushed',
  by: 'by',
  kind: 'Type',
  lastPush: 'Last push',
  licence: 'Licence',
  source: 'Source',
  documentation: 'Documentation',
  filter: 'Filter tags',
  orders: { updated: 'Newest', version: 'Version', name: 'Name', size: 'Size' },
  noneFound: (q) => `No tag has “${q}” in its name`,
  counted: (count, more) =>
    `${count}${more ? ' and more' : ''} ${count === 1 ? 'image' : 'images'}`,
  showAll: 'Show all tags',
  noTags: 'No tags',
  noTagsHint: 'Push a tag, and it appears here.',
  signed: 'Signed',
  referrer: 'referrer',
  referrers: 'referrers',
  more: (count) => `+${count} more`,
  platformMissing: 'not in this repository',
  unreadable: 'Its content is missing',
  copyDigest: 'Copy the digest',
  copyPull: 'Copy the command that pulls it',
  choose: 'Select',
  chooseTag: (tag) => `Select ${tag}`,
  removeChosen: 'Delete selected…',
  remove: 'Delete this repository…',
  noneUntagged: 'Nothing is untagged',
  untaggedHint:
    'No tag points to these. Platforms of other images and attached artifacts are not listed.',
  noneUntaggedHint: 'An image that loses its last tag appears here.',
  untaggedAt: 'lost its tag',
  nothingSaid: 'The newest image has no description.',
  saidBy: 'From the annotations and labels of',
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
