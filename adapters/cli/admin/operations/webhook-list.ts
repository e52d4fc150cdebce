import * as v from 'valibot'
import type { OutboxEntry } from '../../../../src/index.ts'
import { parseWebhookEvent } from '../../../../src/webhooks/index.ts'
import { countText } from '../../copy/amounts.ts'
import { entry as helpEntry } from '../../help-entry.ts'
import { plain } from '../../plain-text.ts'
import { expectEndpoint, fileOf, outboxOf } from '../../webhooks/webhook-words.ts'
import type { Operation } from '../operation.ts'

interface ListInput {
  readonly endpoint: string | null
  readonly dead: boolean
  readonly after: string | null
}

/** An endpoint in the list. */
interface ListedEndpoint {
  readonly endpoint: string
  /** The scheme and host of its URL, and its format; null where the file does not have it. */
  readonly origin: string | null
  readonly format: string | null
  readonly waiting: number
  readonly dead: number
  /** When the oldest that waits was queued; null for none. */
  readonly oldestAt: number | null
}

/** A message in the list. */
interface ListedMessage
  extends Pick<
    OutboxEntry,
    'id' | 'endpoint' | 'repository' | 'queuedAt' | 'tries' | 'error' | 'state'
  > {
  /** What happened; null where a later version wrote it. */
  readonly event: string | null
  readonly tag: string | null
  readonly digest: string | null
}

interface Listed {
  readonly endpoints: readonly ListedEndpoint[]
  readonly messages: readonly ListedMessage[]
  readonly more: boolean
  /** Whether there is a file of webhooks: without one, nothing is sent and nothing is dropped. */
  readonly hasFile: boolean
}

/** Messages of one answer. */
const atOnce = 1000

/** `layerdock webhook list`: endpoints, and what waits for them. */
export const webhookList: Operation<ListInput, Listed> = {
  name: 'webhook list',
  help: `layerdock webhook list: show endpoints, what waits for them, and what was given up, the oldest first.

  layerdock webhook list
  layerdock webhook list flux
  layerdock webhook list --dead       # what was given up: layerdock webhook resend sends it again

It shows ${countText(atOnce)} messages at a time.

${helpEntry('--dead', 'only messages that were given up')}
${helpEntry('--after ID', 'go on after this message')}
`,
  words: ['ENDPOINT?'],
  flags: { dead: null, after: 'ID' },
  input: v.strictObject({
    endpoint: v.nullable(v.string()),
    dead: v.boolean(),
    after: v.nullable(v.string()),
  }),
  inputOf: ({ words: [endpoint], values, switches }) => ({
    endpoint: endpoint ?? null,
    dead: switches.has('dead'),
    after: values.get('after')?.at(-1) ?? null,
  }),
  changes: () => false,
  async run({ endpoint, dead, after }, { stores, settings }) {
    const outbox = outboxOf(stores)
    await expectEndpoint(endpoint, outbox, settings)
    const configured = settings.webhooks === null ? [] : fileOf(settings).webhooks.endpoints
    const counts = new Map((await outbox.counts()).map((each) => [each.endpoint, each]))
    const names = new Set([...configured.map(({ name }) => name), ...counts.keys()])
    const endpoints = [...names]
      .filter((name) => endpoint === null || name === endpoint)
      .map((name) => {
        const { waiting = 0, dead: given = 0, oldestAt = null } = counts.get(name) ?? {}
        const { origin = null, format = null } = configured.find((each) => each.name === name) ?? {}
        return { endpoint: name, origin, format, waiting, dead: given, oldestAt }
      })
      .filter(({ origin, waiting, dead: given }) => origin !== null || waiting + given > 0)
    const { items, more } = await outbox.list({
      limit: atOnce,
      ...(endpoint === null ? {} : { endpoint }),
      ...(dead ? { state: 'dead' as const } : {}),
      ...(after === null ? {} : { after }),
    })
    const hasFile = settings.webhooks !== null
    return { endpoints, messages: items.map(listedOf), more, hasFile }
  },
  text({ endpoints, messages, more, hasFile }) {
    if (endpoints.length === 0) return 'there are no endpoints, and nothing waits\n'
    const lines = endpoints.map((each) => endpointLine(each, hasFile))
    if (messages.length > 0) lines.push('', ...messages.map(messageLine))
    const last = messages.at(-1)
    if (more && last !== undefined) lines.push(`there are more: --after ${last.id} goes on`)
    return lines.map((line) => `${line}\n`).join('')
  },
}

function listedOf(entry: OutboxEntry): ListedMessage {
  const { id, endpoint, repository, queuedAt, tries, error, state } = entry
  const event = parseWebhookEvent(entry.text)
  const { kind = null, tag = null, digest = null } = event ?? {}
  return { id, endpoint, repository, event: kind, tag, digest, queuedAt, tries, error, state }
}

function endpointLine(
  { endpoint, origin, format, waiting, dead, oldestAt }: ListedEndpoint,
  hasFile: boolean,
): string {
  const gone = hasFile
    ? 'not in the file any more: its messages are dropped a week after their change'
    : 'no --webhooks: its messages are kept until a server has it'
  const where = origin === null ? gone : `${format} to ${origin}`
  const since = oldestAt === null ? '' : `, the oldest since ${timeOf(oldestAt)}`
  return `${plain(endpoint, 100)}\t${where}\t${countText(waiting)} waiting${since}\t${countText(dead)} given up`
}

function messageLine({
  id,
  endpoint,
  repository,
  event,
  tag,
  digest,
  ...more
}: ListedMessage): string {
  const { queuedAt, tries, error, state } = more
  const name =
    tag === null ? `${repository}${digest === null ? '' : `@${digest}`}` : `${repository}:${tag}`
  const failed =
    error === null ? 'not tried yet' : `${tries} ${tries === 1 ? 'try' : 'tries'}: ${error}`
  const words = [
    timeOf(queuedAt),
    id,
    endpoint,
    event ?? 'unknown',
    name,
    state === 'dead' ? `given up, ${failed}` : failed,
  ]
  return words.map((word) => plain(word, 400)).join('\t')
}

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`
}
