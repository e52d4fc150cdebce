import { webhookTransport } from '../../adapters/webhooks/index.ts'
import type { OutgoingRequest } from '../../src/webhooks/index.ts'

/** What the program is asked to send. */
export interface Sends {
  readonly requests: ReadonlyArray<Pick<OutgoingRequest, 'url'> & Partial<OutgoingRequest>>
  /** Addresses of names; others are resolved by the system. */
  readonly names?: Readonly<Record<string, readonly string[]>>
}

/** What came of a request. */
export interface Sent {
  readonly status?: number
  readonly retryAfterMs?: number | null
  readonly error?: string
}

const { requests, names } = JSON.parse(process.argv[2] ?? '') as Sends
const send = webhookTransport(
  names === undefined ? {} : { resolve: async (host) => names[host] ?? [] },
)
const sent: Sent[] = []
for (const request of requests) {
  const whole = {
    headers: {},
    body: '{}',
    timeoutMs: 60_000,
    allowPrivate: true,
    ca: null,
    ...request,
  }
  const signal = AbortSignal.timeout(whole.timeoutMs)
  sent.push(
    await send(whole, signal).catch((error: unknown) => ({
      error: error instanceof Error ? error.message : String(error),
    })),
  )
}
process.stdout.write(JSON.stringify(sent), () => process.exit(0))
