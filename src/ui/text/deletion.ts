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
  freesUnknown: 'unknown: too much depends on it',
  freesLater: 'The space is freed after that, by the next clean-up.',
  freesSoon: 'The next clean-up frees the space.',
  span: (count, unit) => `${count} ${unit}${count === 1 ? '' : 's'}`,
  restorable: (span) => `You can restore it for ${span}.`,
  final: 'You cannot undo this.',
  goes: 'Will be deleted',
  manifests: (count, written) => (count === 1 ? '1 manifest' : `${written} manifests`),
  tags: (count, written) => (count === 1 ? '1 tag' : `${written} tags`),
  onlyTag: 'Only the tag is deleted. Its content stays, and can be pulled by digest.',
  more: (written) => `and ${written} more`,
  aliases: 'These tags point to the same content and are deleted too:',
  referrers: 'Stays, but what it is attached to is gone',
  parents: 'Loses a platform that can no longer be pulled',
  children: 'Stays, but nothing refers to it any more',
  untagged: 'Stays without a tag',
  absent: (tag) => `${tag} no longer exists.`,
  immutable: 'These tags are immutable, so this cannot be deleted:',
  changed: 'Something changed in the meantime. Check again what will be deleted.',
  confirm: (count, written) => (count === 1 ? 'Delete' : `Delete ${written}`),
  confirmRepository: 'Delete the whole repository',
  cancel: 'Cancel',
  done: 'Deleted',
  notDone: 'Not everything was deleted',
  outcomes: {
    deleted: 'deleted',
    absent: 'no longer existed',
    moved: 'points to other content now, and stays',
    kept: 'stays',
  },
  back: (repository) => `Back to ${repository}`,
  undo: 'Restore from the trash',
  tooMany: (most) => `select at most ${most} at once`,
  trash: {
    title: 'Trash',
    of: (repository) => `Trash of ${repository}`,
    lead: 'You can restore these until their time is up. The next to go comes first.',
    all: 'The trash of all repositories',
    empty: 'The trash is empty',
    emptyHint: 'If this registry keeps a trash, deleted content stays here for a while.',
    what: 'Content',
    deleted: 'Deleted',
    left: 'Time left',
    size: 'Size',
    action: 'Restore',
    restore: 'Restore',
    restoreWhat: (what) => `Restore ${what}`,
    ends: 'none',
    next: 'Next page',
    kinds: { tag: 'tag', manifest: 'manifest', blob: 'blob', repository: 'repository' },
    tags: 'with the tags',
    restored: (what) => `${what} was restored`,
    leftTags: 'These tags point to other content now, and were left alone:',
    gone: 'It is no longer in the trash.',
    missing: 'It needs content that was deleted too. Restore that first:',
    exists: 'Something else has its name now. Delete that first to restore this.',
    overQuota: 'It does not fit into the repository’s quota.',
    failed: 'Nothing was restored',
    show: 'Show it',
  },
}
