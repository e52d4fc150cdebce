import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/webhooks/secret.ts'
import { signatureHeaders } from '../../src/webhooks/signature.ts'

const signed = { id: 'event-1', timestamp: 1_700_000_000, body: '{"größe":1}' }
const content = 'event-1.1700000000.{"größe":1}'

describe('signatures', () => {
  test('are those of Standard Webhooks, and of GitHub for the body alone', async () => {
    const headers = await signatureHeaders([new Secret('a secret of some length')], signed)
    const hmac = (text: string): Buffer =>
      createHmac('sha256', 'a secret of some length').update(text).digest()
    expect(headers).toEqual({
      'webhook-id': 'event-1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': `v1,${hmac(content).toString('base64')}`,
      'X-Signature': `sha256=${hmac(signed.body).toString('hex')}`,
    })
  })

  test('are made by each secret, so that secrets can be changed', async () => {
    const headers = await signatureHeaders(
      [new Secret('the new secret'), new Secret('the old secret')],
      signed,
    )
    const made = (headers['webhook-signature'] ?? '').split(' ')
    const of = (key: string): string =>
      `v1,${createHmac('sha256', key).update(content).digest('base64')}`
    expect(made).toEqual([of('the new secret'), of('the old secret')])
  })

  test('a secret of the form whsec_… is bytes', async () => {
    // The example of the specification of Standard Webhooks.
    const headers = await signatureHeaders([new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')], {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
    })
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  test('there are none without a secret', async () => {
    expect(Object.keys(await signatureHeaders([], signed))).toEqual([
      'webhook-id',
      'webhook-timestamp',
    ])
  })
})
