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

interface DropInput extends MessagesInput {
  /** Whether what waits stays. */
  readonly dead: boolean
}

interface Dropped {
  readonly messages: number
}

/** `layerdock webhook drop`: gives up messages for good. */
export const webhookDrop: Operation<DropInput, Dropped, Dropped> = {
  name: 'webhook drop',
  help: `layerdock webhook drop: forget messages, so that they are never sent.

  layerdock webhook drop flux --dead  # what was given up
  layerdock webhook drop flux         # that, and what waits
  layerdock webhook drop --id 0loyw3v28

${entry('--dead', 'only messages that were given up')}
${entry('--id ID', 'this message alone; may be given several times')}
${entry('--all', 'of every endpoint')}
`,
  words: ['ENDPOINT?'],
  flags: { id: 'ID', all: null, dead: null },
  input: v.strictObject({ ...messagesEntries, dead: v.boolean() }),
  inputOf: (words) => ({ ...messagesOf(words), dead: words.switches.has('dead') }),
  changes: () => true,
  async run({ endpoint, ids, dead }, { stores, settings, ...tools }) {
    const outbox = outboxOf(stores)
    await expectEndpoint(endpoint, outbox, settings)
    if (ids !== null) return { messages: await outbox.drop({ ids }, ids.length) }
    const state = dead ? { state: 'dead' as const } : {}
    const which = { ...state, ...(endpoint === null ? {} : { endpoint }) }
    const states = dead ? (['dead'] as const) : (['dead', 'waiting'] as const)
    const drop = (limit: number): Promise<number> => outbox.drop(which, limit)
    const messages = await actInSteps(outbox, { endpoint, states }, drop, tools)
    return { messages }
  },
  progressText: ({ messages }) => `${countText(messages)} messages so far`,
  text: ({ messages }) =>
    `forgot ${countText(messages)} ${messages === 1 ? 'message' : 'messages'}\n`,
}
