import { describe, expect, test } from 'vitest'
import { patience, verdictOf } from '../../src/webhooks/delivery/schedule.ts'
import { outboxLimits } from '../../src/webhooks/delivery/upkeep.ts'
import { formats } from '../../src/webhooks/formats/formats.ts'
import { Secret } from '../../src/webhooks/index.ts'
import { signatureHeaders } from '../../src/webhooks/signature.ts'
import { webhookEventsOf } from '../../src/webhooks/webhook-event.ts'
import { textOf } from '../architecture/source-files.ts'
import { codeBlocks, makeCodeFolder } from '../document-code.ts'
import { pushOf } from './events.ts'

const text = textOf('docs/webhooks.md')
const documents = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, block = '']) =>
  JSON.parse(block),
)

describe('docs/webhooks.md', () => {
  test.each([
    ['harbor', 'event_data'],
    ['distribution', 'events'],
    ['cloudevents', 'specversion'],
  ] as const)('shows what %s sends, field by field', (name, key) => {
    const shown = documents.find((each) => key in each)
    const [event] = webhookEventsOf(pushOf('1.2.3'))
    if (event === undefined) throw new Error('no event')
    const sent = formats[name].write(
      { ...event, id: '00000000-0000-4000-8000-000000000000' },
      'registry.example.com',
    )
    expect(JSON.stringify(sent)).toBe(JSON.stringify(shown))
  })

  test('verifies a signature as it says', async () => {
    const block = codeBlocks(text).find((each) => each.includes('isGenuine')) ?? ''
    const code = await makeCodeFolder()
    try {
      const { isGenuine } = await code.run<{
        isGenuine: (headers: Headers, body: string, secret: string) => Promise<boolean>
      }>(block.replace('async function', 'export async function'))
      const secrets = ['a-new-secret-of-ours', 'an-old-secret-of-ours']
      const body = '{"größe":1}'
      const timestamp = Math.floor(Date.now() / 1000)
      const signed = async (at: number): Promise<Headers> =>
        new Headers(
          await signatureHeaders(
            secrets.map((each) => new Secret(each)),
            { id: 'event-1', timestamp: at, body },
          ),
        )
      const headers = await signed(timestamp)
      for (const secret of secrets) expect(await isGenuine(headers, body, secret)).toBe(true)
      expect(await isGenuine(headers, body, 'a-secret-of-others')).toBe(false)
      expect(await isGenuine(headers, `${body} `, secrets[0] ?? '')).toBe(false)
      expect(await isGenuine(await signed(timestamp - 600), body, secrets[0] ?? '')).toBe(false)
      expect(await isGenuine(new Headers(), body, secrets[0] ?? '')).toBe(false)
    } finally {
      await code.remove()
    }
  })

  test('says which answers are refusals, and what is bounded', () => {
    const row = /^\| (400[\d, ]+) \|/m.exec(text)?.[1] ?? ''
    const told = row.split(', ').map(Number)
    const all = Array.from({ length: 500 }, (_, index) => index + 100)
    const refusals = all.filter(
      (status) => verdictOf({ status, retryAfterMs: null }).kind === 'refused',
    )
    expect(told).toEqual(refusals)
    expect(patience).toMatchObject({
      tries: 5,
      refusals: 5,
      failuresInARow: 3,
      waitedMs: 86_400_000,
    })
    expect(outboxLimits).toEqual({
      waiting: 10_000,
      waitingBytes: 16 * 2 ** 20,
      dead: 1000,
      deadBytes: 4 * 2 ** 20,
    })
    for (const words of ['10,000 messages, 16 MiB', '1,000 messages, 4 MiB'])
      expect(text).toContain(words)
  })
})
