import { describe, expect, test } from 'vitest'
import {
  createRegistry,
  type RegistryDeletes,
  RegistryError,
  type RegistryReads,
  type RegistryService,
  type RegistryWrites,
  serviceApp,
} from '../../src/index.ts'
import { registryContract } from '../../src/testing/index.ts'

/** The same service, each call counted by its method. */
function counting(service: RegistryService, counts: Map<string, number>): RegistryService {
  const methods = Object.entries(service).map(([name, method]) => {
    const counted = (...inputs: unknown[]): unknown => {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      return (method as (...inputs: unknown[]) => unknown)(...inputs)
    }
    return [name, counted]
  })
  return Object.fromEntries(methods) as RegistryService
}

describe('a wrapper that only counts passes the whole contract', () => {
  for (const { name, run } of registryContract) {
    test(`as \`wrap\`: ${name}`, async () => {
      const counts: Map<string, number> = new Map()
      const registry = createRegistry({ wrap: (service) => counting(service, counts) })
      await run(() => registry.fetch)
      await registry.close()
    })
  }

  for (const { name, run } of registryContract) {
    test(`served by serviceApp: ${name}`, async () => {
      const counts: Map<string, number> = new Map()
      const registry = createRegistry()
      await run(() => serviceApp(counting(registry.service, counts)).fetch)
      await registry.close()
    })
  }
})

test('a wrapper sees HTTP and a program alike, with who calls', async () => {
  const seen: unknown[] = []
  const registry = createRegistry({
    access: {
      authenticate: async () => ({ id: 'ann' }),
      authorize: async (_, asks) => asks.map(() => 'allow'),
      challenge: () => 'Basic',
    },
    wrap: (service) => ({
      ...service,
      listRepositories(call, page) {
        seen.push([call.principal?.id ?? null, typeof call.requestId, call.signal.aborted])
        return service.listRepositories(call, page)
      },
    }),
  })
  await registry.fetch(new Request('http://registry.test/v2/_catalog'))
  const { callContext } = await import('../../src/index.ts')
  await registry.service.listRepositories(callContext(), { limit: 1 })
  expect(seen).toEqual([
    ['ann', 'string', false],
    [null, 'string', false],
  ])
})

test('a wrapper that forbids names every method it forbids, or does not compile', () => {
  const refuse = (): Promise<never> => Promise.reject(new RegistryError('denied'))
  const whole: RegistryDeletes = {
    deleteBlob: refuse,
    deleteManifest: refuse,
    deleteRepository: refuse,
  }
  // @ts-expect-error deleteRepository is missing
  const partial: RegistryDeletes = { deleteBlob: refuse, deleteManifest: refuse }
  // @ts-expect-error all but one are missing
  const writes: RegistryWrites = { putManifest: refuse }
  // @ts-expect-error all but one are missing
  const reads: RegistryReads = { statBlob: refuse }
  expect([whole, partial, writes, reads].length).toBe(4)
})

test('readOnly and deletes apply outside of a wrapper, and refuse every change', async () => {
  const names: Array<keyof RegistryWrites | keyof RegistryDeletes> = [
    'mountBlob',
    'pushBlob',
    'startUpload',
    'appendUpload',
    'finishUpload',
    'cancelUpload',
    'putManifest',
    'deleteBlob',
    'deleteManifest',
    'deleteRepository',
  ]
  const counts: Map<string, number> = new Map()
  const { service } = createRegistry({
    readOnly: true,
    wrap: (inner) => counting(inner, counts),
  })
  for (const name of names) {
    const method = service[name] as unknown as () => Promise<unknown>
    await expect(method(), name).rejects.toMatchObject({ kind: 'readOnly' })
  }
  expect(counts.size).toBe(0)
})

test('a wrapper may be an instance of a class', async () => {
  /** Passes on every call, each a method of the class. */
  class Passing {
    readonly #inner: RegistryService

    constructor(inner: RegistryService) {
      this.#inner = inner
    }

    get inner(): RegistryService {
      return this.#inner
    }
  }
  for (const name of Object.keys(createRegistry().service) as Array<keyof RegistryService>) {
    Object.defineProperty(Passing.prototype, name, {
      value(this: Passing, ...inputs: unknown[]): unknown {
        return (this.inner[name] as (...inputs: unknown[]) => unknown)(...inputs)
      },
    })
  }
  for (const options of [{}, { deletes: false }, { readOnly: true }]) {
    const registry = createRegistry({
      ...options,
      wrap: (inner) => new Passing(inner) as unknown as RegistryService,
    })
    const { status } = await registry.fetch(new Request('http://registry.test/v2/_catalog'))
    expect(status, JSON.stringify(options)).toBe(200)
    const spread = serviceApp({ ...registry.service })
    expect((await spread.fetch(new Request('http://registry.test/v2/_catalog'))).status).toBe(200)
  }
})

test('what a wrapper advises is told, also beside where an upload stands', async () => {
  const registry = createRegistry({
    wrap: (service) => ({
      ...service,
      appendUpload: async () => {
        throw new RegistryError('denied', { advice: 'ask the owner', detail: { offset: 3 } })
      },
    }),
  })
  const started = await registry.fetch(
    new Request('http://registry.test/v2/app/blobs/uploads/', { method: 'POST' }),
  )
  const location = new URL(started.headers.get('location') ?? '', 'http://registry.test')
  const refused = await registry.fetch(new Request(location, { method: 'PATCH', body: 'abc' }))
  expect(refused.headers.get('range')).toBe('0-2')
  expect(await refused.json()).toMatchObject({
    errors: [{ message: expect.stringContaining('ask the owner') }],
  })
})
