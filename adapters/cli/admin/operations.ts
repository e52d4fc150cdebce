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
])
