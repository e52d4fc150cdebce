import type { DeletionOutcome } from '../deletion/carry-out.ts'

/** What deleting and the trash says. Counts are written out; `count` is the number itself. */
export interface DeletionText {
  readonly title: string
  readonly heading: (what: string) => string
  readonly several: (count: string, repository: string) => string
  readonly frees: string
  readonly freesMost: string
  readonly freesUnknown: string
  /** When the space is free: where there is a trash, and where there is none. */
  readonly freesLater: string
  readonly freesSoon: string
  readonly span: (count: number, unit: 'minute' | 'hour' | 'day') => string
  readonly restorable: (span: string) => string
  readonly final: string
  readonly goes: string
  readonly manifests: (count: number, written: string) => string
  readonly tags: (count: number, written: string) => string
  readonly onlyTag: string
  readonly more: (written: string) => string
  readonly aliases: string
  readonly referrers: string
  readonly parents: string
  readonly children: string
  readonly untagged: string
  readonly absent: (tag: string) => string
  readonly immutable: string
  readonly changed: string
  readonly confirm: (count: number, written: string) => string
  readonly confirmRepository: string
  readonly cancel: string
  readonly done: string
  readonly notDone: string
  readonly outcomes: Readonly<Record<DeletionOutcome['outcome'], string>>
  readonly back: (repository: string) => string
  readonly undo: string
  readonly tooMany: (most: string) => string
  readonly trash: TrashText
}

/** What the trash says. */
export interface TrashText {
  readonly title: string
  readonly of: (repository: string) => string
  readonly lead: string
  readonly all: string
  readonly empty: string
  readonly emptyHint: string
  readonly what: string
  readonly deleted: string
  readonly left: string
  readonly size: string
  readonly action: string
  readonly restore: string
  readonly restoreWhat: (what: string) => string
  readonly ends: string
  readonly next: string
  readonly kinds: Readonly<Record<'tag' | 'manifest' | 'blob' | 'repository', string>>
  readonly tags: string
  readonly restored: (what: string) => string
  readonly leftTags: string
  readonly gone: string
  readonly missing: string
  readonly exists: string
  readonly overQuota: string
  readonly failed: string
  readonly show: string
}

/** DeletionText in English. */
export const deletionText: DeletionText = {
  title: 'Delete',
  heading: (what) => `Delete ${what}?`,
  several: (count, repository) => `${count} of ${repository}`,
  frees: 'Frees',
  freesMost: 'Frees at most',
  freesUnknown: 'not known: too much depends on it',
  freesLater: 'The space is free once it has left the trash and garbage was collected.',
  freesSoon: 'The space is free once garbage was collected.',
  span: (count, unit) => `${count} ${unit}${count === 1 ? '' : 's'}`,
  restorable: (span) => `It can be brought back for ${span}.`,
  final: 'It cannot be brought back.',
  goes: 'What goes',
  manifests: (count, written) => (count === 1 ? '1 manifest' : `${written} manifests`),
  tags: (count, written) => (count === 1 ? '1 tag' : `${written} tags`),
  onlyTag: 'Only the tag goes. What it stands for stays, and can be pulled by its digest.',
  more: (written) => `and ${written} more`,
  aliases: 'These tags stand for the same content, and go too:',
  referrers: 'What is attached to it: it stays, and is then about nothing',
  parents: 'Images of which one platform can then not be pulled',
  children: 'Stays without a tag, since only this names it',
  untagged: 'Stays without a tag',
  absent: (tag) => `${tag} is not there any more.`,
  immutable: 'These tags are immutable, so this cannot be deleted:',
  changed: 'Something changed while you looked. Look again at what would go now.',
  confirm: (count, written) => (count === 1 ? 'Delete' : `Delete ${written}`),
  confirmRepository: 'Delete the whole repository',
  cancel: 'Cancel',
  done: 'Deleted',
  notDone: 'Not everything was deleted',
  outcomes: {
    deleted: 'deleted',
    absent: 'was not there any more',
    moved: 'has moved meanwhile, and stays',
    kept: 'stays',
  },
  back: (repository) => `Back to ${repository}`,
  undo: 'Bring something back',
  tooMany: (most) => `choose at most ${most} at once`,
  trash: {
    title: 'Trash',
    of: (repository) => `Trash of ${repository}`,
    lead: 'What was deleted and can still be brought back. What ends first comes first.',
    all: 'The trash of all repositories',
    empty: 'The trash is empty',
    emptyHint: 'What is deleted from here on is kept for a while, if this registry keeps a trash.',
    what: 'What',
    deleted: 'Deleted',
    left: 'Time left',
    size: 'Size',
    action: 'Bring back',
    restore: 'Bring back',
    restoreWhat: (what) => `Bring back ${what}`,
    ends: 'ends now',
    next: 'Next page',
    kinds: { tag: 'tag', manifest: 'manifest', blob: 'blob', repository: 'repository' },
    tags: 'with the tags',
    restored: (what) => `${what} is back`,
    leftTags: 'These tags stand for something else by now, and stay so:',
    gone: 'It is not in the trash any more.',
    missing: 'It needs what is not there any more. Bring that back first:',
    exists: 'There is something else under its name by now. Delete that first, or leave it.',
    overQuota: 'It does not fit into the quota of the repository.',
    failed: 'It was not brought back',
    show: 'Show it',
  },
}
