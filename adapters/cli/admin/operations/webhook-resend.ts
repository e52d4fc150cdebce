import * as v from 'valibot'
import { countText } from '../../copy/amounts.ts'
import { entry } from '../../help-entry.ts'
import {
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

/** Messages of one step. */
const step = 100

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
  async run({ endpoint, ids }, { stores, settings, signal, tell }) {
    const outbox = outboxOf(stores)
    await expectEndpoint(endpoint, outbox, settings)
    if (ids !== null) return { messages: await outbox.resend({ ids }, ids.length) }
    // What fails again meanwhile is not sent a third time.
    let left = 0
    for (const each of await outbox.counts()) {
      if (endpoint === null || each.endpoint === endpoint) left += each.dead
    }
    let messages = 0
    while (left > 0) {
      signal.throwIfAborted()
      const which = { state: 'dead' as const, ...(endpoint === null ? {} : { endpoint }) }
      const count = await outbox.resend(which, Math.min(step, left))
      if (count === 0) break
      left -= count
      messages += count
      tell({ messages })
    }
    return { messages }
  },
  progressText: ({ messages }) => `${countText(messages)} messages so far`,
  text: ({ messages }) =>
    messages === 0
      ? 'nothing was given up\n'
      : `${countText(messages)} ${messages === 1 ? 'message waits' : 'messages wait'} to be sent again\n`,
}
