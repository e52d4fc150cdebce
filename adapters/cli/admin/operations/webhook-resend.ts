import * as v from 'valibot'
import { countText } from '../../copy/amounts.ts'
import { entry } from '../../help-entry.ts'
import {
  actInSteps,
  expectEndpoint,
  type MessagesInput,
  messagesEntries,
  messagesOf,
  outboxOf,
} from '../../webhooks/webhook-words.ts'
import type { Operation } from '../operation.ts'

interface Resent {
  readonly messages: number
}

/** `layerdock webhook resend`: sends dead letters again. */
export const webhookResend: Operation<MessagesInput, Resent, Resent> = {
  name: 'webhook resend',
  help: `layerdock webhook resend: send again what was given up.

  layerdock webhook resend flux
  layerdock webhook resend --id 0loyw3v28
  layerdock webhook resend --all

It goes behind what waits already, with the ids that receivers know it by. Without a server, the next one sends it.

${entry('--id ID', 'this message alone; may be given several times')}
${entry('--all', 'of every endpoint')}
`,
  words: ['ENDPOINT?'],
  flags: { id: 'ID', all: null },
  input: v.strictObject(messagesEntries),
  inputOf: messagesOf,
  changes: () => true,
  async run({ endpoint, ids }, { stores, settings, ...tools }) {
    const outbox = outboxOf(stores)
    await expectEndpoint(endpoint, outbox, settings)
    if (ids !== null) return { messages: await outbox.resend({ ids }, ids.length) }
    const which = { state: 'dead' as const, ...(endpoint === null ? {} : { endpoint }) }
    const resend = (limit: number): Promise<number> => outbox.resend(which, limit)
    const messages = await actInSteps(outbox, { endpoint, states: ['dead'] }, resend, tools)
    return { messages }
  },
  progressText: ({ messages }) => `${countText(messages)} messages so far`,
  text: ({ messages }) =>
    messages === 0
      ? 'nothing was given up\n'
      : `${countText(messages)} ${messages === 1 ? 'message waits' : 'messages wait'} to be sent again\n`,
}
