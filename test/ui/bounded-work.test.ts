import { testRegistry } from 'layerdock/testing'
import { expect, test } from 'vitest'
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

async function put(registry: Registry, reference: string, document: object): Promise<void> {
  const response = await registry.fetch(`/v2/team/app/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'Content-Type': ociManifest },
    body: JSON.stringify(document),
  })
  expect(response.status).toBe(201)
}

/** Five images of 3 MiB each, whose manifests are mostly padding. */
async function largeManifests(): Promise<Registry> {
  const registry = testRegistry({ allowSparse: true })
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: `sha256:${'a'.repeat(64)}`,
    size: 2,
  }
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
  expect(await known()).toBe(2)
  expect(await known()).toBe(4)
  expect(await known()).toBe(5)
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
