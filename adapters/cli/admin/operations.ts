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
      about: 'delete the bytes that nothing names any more',
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
      about: 'restore what was deleted',
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
      about: 'show what was deleted and can be restored',
      load: async () => (await import('./operations/trash-list.ts')).trashList,
    },
  ],
  [
    'trash empty',
    {
      about: 'delete for good what could still be restored',
      load: async () => (await import('./operations/trash-empty.ts')).trashEmpty,
    },
  ],
  [
    'webhook test',
    {
      about: 'send an event that did not happen to an endpoint',
      load: async () => (await import('./operations/webhook-test.ts')).webhookTest,
    },
  ],
  [
    'webhook list',
    {
      about: 'show endpoints, what waits for them, and what was given up',
      load: async () => (await import('./operations/webhook-list.ts')).webhookList,
    },
  ],
  [
    'webhook resend',
    {
      about: 'send again what was given up',
      load: async () => (await import('./operations/webhook-resend.ts')).webhookResend,
    },
  ],
  [
    'webhook drop',
    {
      about: 'forget messages, so that they are never sent',
      load: async () => (await import('./operations/webhook-drop.ts')).webhookDrop,
    },
  ],
])
