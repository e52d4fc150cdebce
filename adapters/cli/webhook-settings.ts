import * as v from 'valibot'
import type { Setting } from './setting.ts'

/** Whom a server tells of changes. */
export interface WebhookSettings {
  /** The file of webhooks; null where no one is told. */
  readonly webhooks: string | null
}

/** Their part of the table of settings. */
export const webhookSettings: {
  readonly [K in keyof WebhookSettings]: Setting<WebhookSettings[K]>
} = {
  webhooks: {
    schema: v.pipe(v.string('is not a text'), v.nonEmpty('is empty')),
    default: null,
    value: 'FILE',
    help: 'tell the receivers in this file what is pushed, deleted and pulled: see docs/webhooks.md. Read again when it changes',
    alias: ['webhook', 'notifications', 'notifications-endpoints', 'webhooks-file', 'hooks'],
  },
}
