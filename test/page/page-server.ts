import { createRegistry, type RegistryOptions } from 'layerdock'
import { memoryStores } from 'layerdock/kit'
import { serve } from 'layerdock/node'
import { createUi, type UiOptions } from 'layerdock/ui'
import type { Pusher } from './content.mjs'

/** Sends requests to a registry. */
export type Send = ConstructorParameters<typeof Pusher>[0]

/** A registry with its page, served in this process. */
export interface PageServer {
  readonly origin: string
  readonly send: Send
  /** Has the registry know a layer without its bytes. */
  readonly link: NonNullable<ConstructorParameters<typeof Pusher>[1]>
  /** Sets its clock back by so much from now. */
  at(agoMs: number): void
  close(): Promise<void>
}

/** Serves one on loopback. It takes sparse manifests, and keeps what is deleted for a day. */
export async function servePage(
  options: UiOptions = {},
  registryOptions: RegistryOptions = {},
): Promise<PageServer> {
  let ago = 0
  const clock = (): number => Date.now() - ago
  const stores = memoryStores({ clock })
  const registry = createRegistry({
    allowSparse: true,
    limits: { trashMs: 86_400_000 },
    ...registryOptions,
    stores,
    clock,
  })
  const page = createUi(registry, options)
  const serving = await serve(page, { port: 0 })
  return {
    origin: serving.url,
    send: async (method, path, sending) => {
      const request = new Request(`http://registry.test${path}`, {
        method,
        ...(sending as RequestInit),
      })
      return registry.fetch(request)
    },
    link: async (repository, { digest, size }) => {
      const blob = { digest, size, key: `none/${digest}` } as never
      return stores.metadata.linkBlob(repository as never, blob, 86_400_000)
    },
    at(agoMs) {
      ago = agoMs
    },
    async close() {
      page.close()
      await serving.close(0)
    },
  }
}

/** A status with everything in it. */
export const someStatus: NonNullable<UiOptions['status']> = async () => ({
  version: '1.2.3',
  health: 'degraded',
  reasons: ['there is no room left'],
  storedBytes: 18_412_338_902,
  uploads: { sessions: 2, bytes: 148_203_911 },
  lastCollection: { at: Date.now() - 3_120_000, freedBytes: 1_204_118_331 },
  startedAt: Date.now() - 777_600_000,
})
