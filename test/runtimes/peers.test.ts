import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { exchange, head } from '../promises/raw-socket.ts'
import { type Probe, startProbe } from './start-probe.ts'

const asked = async ({ port }: Probe, ...lines: readonly string[]): Promise<unknown> => {
  const { answers } = await exchange(
    port,
    head('GET /peer HTTP/1.1', ...lines, 'Connection: close'),
  )
  return JSON.parse(answers[0]?.body ?? 'null')
}

describeOnRuntimes('the peer of a request on %s', (runtime) => {
  let plain: Probe
  let behind: Probe
  beforeAll(async () => {
    plain = await startProbe(runtime)
    behind = await startProbe(runtime, { trustedProxies: ['127.0.0.0/8'] })
  })
  afterAll(() => Promise.all([plain?.stop(), behind?.stop()]))

  it('is the address of the connection, whatever headers say', async () => {
    const seen = await asked(plain, 'X-Forwarded-For: 192.0.2.7', 'X-Forwarded-Proto: https')
    expect(seen).toEqual({ address: '127.0.0.1', secure: false })
  })

  it('is what a trusted proxy says', async () => {
    const lines = [
      'X-Forwarded-For: 1.1.1.1',
      'X-Forwarded-For: 192.0.2.7',
      'X-Forwarded-Proto: https',
    ]
    expect(await asked(behind, ...lines)).toEqual({ address: '192.0.2.7', secure: true })
    expect(await asked(behind)).toEqual({ address: '127.0.0.1', secure: false })
  })
})
