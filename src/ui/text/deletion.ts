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
  /** Leads to the deletion that takes what is listed along. */
  readonly withThese: string
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
