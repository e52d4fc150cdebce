// Webhooks: a receiver hears of each push at least once and in order, also where either process ends meanwhile.
import { openRegistry, serve, webhookTransport } from 'layerdock/node'
import { createWebhooks, type Webhooks } from 'layerdock/webhooks'

export const webhooks: Webhooks = createWebhooks(
  {
    registry: 'localhost:5000',
    endpoints: [
      {
        name: 'deploy',
        url: process.env.HOOK ?? 'http://127.0.0.1:9000/deploy',
        format: 'cloudevents',
        repositories: 'team/**',
        secret: process.env.HOOK_SECRET ?? 'only-for-a-first-try',
        allowPrivate: true,
      },
    ],
  },
  { send: webhookTransport() },
)
const registry = await openRegistry({
  directory: process.env.DATA ?? './registry-data',
  outbox: webhooks.outbox,
})
webhooks.deliver(registry.stores)
export const server: Awaited<ReturnType<typeof serve>> = await serve(registry, {
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 5000),
})

/** For SIGTERM. What is not delivered by then, the next process delivers. */
export async function stop(): Promise<void> {
  await server.close(10_000)
  await webhooks.stop()
  await registry.close()
}
