import * as v from 'valibot'
import type { Outbox, OutboxEntry, RegistryStores } from '../../../src/index.ts'
import type { OperationTools } from '../admin/operation.ts'
import { CliError, exitCodes } from '../exit.ts'
import { plain } from '../plain-text.ts'
import type { Settings } from '../settings.ts'
import type { Words } from '../words.ts'
import { readWebhooksFile, type WebhooksFile } from './webhooks-file.ts'

/** Which messages are meant. */
export interface MessagesInput {
  /** Null for all endpoints. */
  readonly endpoint: string | null
  /** Null for all messages of the endpoint. */
  readonly ids: readonly string[] | null
}

/** What the admin endpoint takes of it. */
export const messagesEntries: {
  readonly endpoint: v.GenericSchema<unknown, string | null>
  readonly ids: v.GenericSchema<unknown, readonly string[] | null>
} = {
  endpoint: v.nullable(v.string()),
  ids: v.nullable(v.array(v.string())),
}

/** Reads an endpoint, `--id` or `--all`: one of them. @throws CliError */
export function messagesOf({ words: [endpoint], values, switches }: Words): MessagesInput {
  const ids = values.get('id') ?? null
  const given = [endpoint !== undefined, ids !== null, switches.has('all')].filter(Boolean).length
  if (given !== 1) {
    throw new CliError(exitCodes.usage, ['which? Name an ENDPOINT, or --id ID, or --all'])
  }
  return { endpoint: endpoint ?? null, ids }
}

/** @throws CliError where the stores keep no messages. */
export function outboxOf({ metadata }: RegistryStores): Outbox {
  if (metadata.outbox !== undefined) return metadata.outbox
  throw new CliError(exitCodes.problem, ['this registry keeps no webhooks'])
}

/** Messages of one step. */
const step = 100

/**
 * Acts on the messages of these states that are there now, in steps; how many. Those that come meanwhile, or fail again,
 * are left alone.
 *
 * @param endpoint null for all
 * @param act acts on up to so many; how many there were
 */
export async function actInSteps(
  outbox: Outbox,
  {
    endpoint,
    states,
  }: Pick<MessagesInput, 'endpoint'> & { readonly states: ReadonlyArray<OutboxEntry['state']> },
  act: (limit: number) => Promise<number>,
  { signal, tell }: Pick<OperationTools<{ readonly messages: number }>, 'signal' | 'tell'>,
): Promise<number> {
  let left = 0
  for (const counts of await outbox.counts()) {
    if (endpoint !== null && counts.endpoint !== endpoint) continue
    for (const state of states) left += counts[state]
  }
  let messages = 0
  while (left > 0) {
    signal.throwIfAborted()
    const count = await act(Math.min(step, left))
    if (count === 0) break
    left -= count
    messages += count
    tell({ messages })
  }
  return messages
}

/** The file of webhooks of the server, or of the command. @throws CliError where there is none, or it is wrong. */
export function fileOf(settings: Settings): WebhooksFile {
  const { webhooks: file } = settings
  if (file !== null) return readWebhooksFile(file, settings)
  throw new CliError(exitCodes.problem, [
    'there are no webhooks: name their file (--webhooks FILE), or start the server with it',
  ])
}

/** @throws CliError where neither the file nor the outbox has an endpoint of the name. */
export async function expectEndpoint(
  name: string | null,
  outbox: Outbox,
  settings: Settings,
): Promise<void> {
  if (name === null) return
  const configured = settings.webhooks === null ? [] : fileOf(settings).webhooks.endpoints
  if (configured.some((each) => each.name === name)) return
  const counts = await outbox.counts()
  if (counts.some(({ endpoint }) => endpoint === name)) return
  throw new CliError(exitCodes.problem, [`${plain(name, 100)}: there is no such endpoint`])
}
