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
