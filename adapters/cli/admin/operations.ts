import type { Operation } from './operation.ts'

/** An operation, loaded when it is asked for. */
export interface KnownOperation {
  /** What it does, for the overview of commands. */
  readonly about: string
  load(): Promise<Operation>
}

/** Every operation by its name: the commands, and what the admin endpoint takes. */
export const operations: ReadonlyMap<string, KnownOperation> = new Map([
  [
    'gc',
    {
      about: 'delete the bytes of what nothing names any more',
      load: async () => (await import('./operations/gc.ts')).gc,
    },
  ],
  [
    'verify',
    {
      about: 'read and hash everything again, and repair what rotted',
      load: async () => (await import('./operations/verify.ts')).verify,
    },
  ],
  [
    'undelete',
    {
      about: 'bring back what was deleted',
      load: async () => (await import('./operations/undelete.ts')).undelete,
    },
  ],
  [
    'retention explain',
    {
      about: 'say what a retention policy keeps and deletes, and why',
      load: async () => (await import('./operations/retention-explain.ts')).retentionExplain,
    },
  ],
  [
    'retention run',
    {
      about: 'delete what a retention policy does not keep',
      load: async () => (await import('./operations/retention-run.ts')).retentionRun,
    },
  ],
  [
    'trash list',
    {
      about: 'show what was deleted and can be brought back',
      load: async () => (await import('./operations/trash-list.ts')).trashList,
    },
  ],
  [
    'trash empty',
    {
      about: 'give up what was deleted before its time',
      load: async () => (await import('./operations/trash-empty.ts')).trashEmpty,
    },
  ],
])
