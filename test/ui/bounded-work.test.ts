import { testRegistry } from 'layerdock/testing'
import { describe, expect, test } from 'vitest'
import { askerOf } from './ask.ts'

const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
const path = '/_layerdock/repositories/team/app'

type Registry = ReturnType<typeof testRegistry>

interface Repository {
  readonly tags: readonly {
    readonly kind: string | null
    readonly platforms: readonly { readonly isPresent: boolean }[]
  }[]
}

const config = {
  mediaType: 'application/vnd.oci.image.config.v1+json',
  digest: `sha256:${'a'.repeat(64)}`,
  size: 2,
}

function put(registry: Registry, reference: string, document: object): Promise<void> {
  return putText(registry, reference, JSON.stringify(document))
}

async function putText(registry: Registry, reference: string, body: string): Promise<void> {
  const response = await registry.fetch(`/v2/team/app/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'Content-Type': ociManifest },
    body,
  })
  expect(response.status).toBe(201)
}

/** Five images of 3 MiB each, whose manifests are mostly padding. */
async function largeManifests(): Promise<Registry> {
  const registry = testRegistry({ allowSparse: true })
  const padding = 'x'.repeat(3 * 1024 * 1024)
  for (const tag of ['v1', 'v2', 'v3', 'v4', 'v5']) {
    const annotations = { padding, tag }
    await put(registry, tag, {
      schemaVersion: 2,
      mediaType: ociManifest,
      config,
      layers: [],
      annotations,
    })
  }
  return registry
}

test('a list of tags reads so many bytes of manifests, and the next one goes on', async () => {
  const ask = askerOf(await largeManifests())
  const known = async (): Promise<number> => {
    const { tags } = await ask.json<Repository>(path)
    expect(tags).toHaveLength(5)
    return tags.filter(({ kind }) => kind !== null).length
  }
  expect(await known()).toBe(1)
  expect(await known()).toBe(2)
  expect(await known()).toBe(3)
})

test('a list of tags lets others run between two manifests', async () => {
  const ask = askerOf(await largeManifests())
  await ask.json('/_layerdock/')
  const order: string[] = []
  const view = ask.answer(path).then(() => order.push('view'))
  // A store in memory answers without ever letting go of the thread.
  setTimeout(() => order.push('others'), 0)
  await view
  expect(order).toEqual(['others', 'view'])
})

test('two views of long manifests let others run between them', async () => {
  const ask = askerOf(await largeManifests())
  await ask.json('/_layerdock/')
  const order: string[] = []
  setTimeout(() => order.push('others'), 0)
  await Promise.all(
    ['v1', 'v2'].map((tag) => ask.answer(`${path}:${tag}`).then(() => order.push(tag))),
  )
  expect(order).toContain('others')
})

describe('manifests of which every byte is work', () => {
  /** Empty lists for 4 MiB, and a list of other images in between. */
  async function laborious(): Promise<Registry> {
    const registry = testRegistry({ allowSparse: true })
    const work = `[${'[],'.repeat(1_390_000)}[]]`
    for (const tag of ['bad1', 'bad2', 'bad3']) {
      const head = `{"schemaVersion":2,"mediaType":"${ociManifest}","annotations":{"tag":"${tag}"}`
      await putText(
        registry,
        tag,
        `${head},"config":${JSON.stringify(config)},"layers":[],"x":${work}}`,
      )
    }
    await put(registry, 'good', { schemaVersion: 2, mediaType: ociManifest, config, layers: [] })
    return registry
  }

  test('are listed without what they say, and keep no other from being read', async () => {
    const ask = askerOf(await laborious())
    const kinds = async (): Promise<readonly (string | null)[]> => {
      const { tags } = await ask.json<Repository>(`${path}?sort=name`)
      return tags.map(({ kind }) => kind)
    }
    await kinds()
    expect(await kinds()).toEqual([null, null, null, 'image'])
  })

  test('are said to be too large, by themselves and beside others', async () => {
    const ask = askerOf(await laborious())
    expect(await ask.json(`${path}:bad1`)).toMatchObject({
      unreadable: [{ what: 'manifest', why: 'too-large' }],
    })
    expect(await ask.json('/_layerdock/compare/team/app?from=bad1&to=good')).toMatchObject({
      differences: {
        unreadable: [
          { what: 'manifest', why: 'too-large' },
          { what: 'config', why: 'missing' },
        ],
      },
    })
  })
})
