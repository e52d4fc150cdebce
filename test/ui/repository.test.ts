import { artifact, image, index, testRegistry } from 'layerdock/testing'
import { describe, expect, it } from 'vitest'
import { askerOf, textOf } from './ask.ts'

interface Row {
  readonly tags: readonly string[]
  readonly tagCount: number
  readonly digest: string
  readonly size: number | null
  readonly platforms: readonly { readonly name: string; readonly digest: string | null }[]
  readonly isSigned: boolean
  readonly referrers: number
  readonly kind: string
  readonly artifactType: string | null
  readonly attachedTo: string | null
}

interface Repository {
  readonly tags: readonly Row[]
  readonly tagCount: number
  readonly untagged: readonly { readonly digest: string }[]
  readonly about: Readonly<Record<string, unknown>> | null
  readonly next: string | null
  readonly bytes: number
}

const path = '/_layerdock/repositories/team/app'

/** An image that is unlike every other. */
const imageOf = (text: string): ReturnType<typeof image> => image({ layers: [text] })

async function tag(registry: ReturnType<typeof testRegistry>, from: string, to: string) {
  const found = await registry.fetch(`/v2/team/app/manifests/${from}`)
  const headers = { 'Content-Type': found.headers.get('content-type') ?? '' }
  const body = await found.arrayBuffer()
  const put = await registry.fetch(`/v2/team/app/manifests/${to}`, { method: 'PUT', headers, body })
  expect(put.status).toBe(201)
}

describe('the tags of a repository', () => {
  it('are together where they stand for the same digest', async () => {
    const registry = testRegistry()
    await registry.push({ 'team/app:1.0': imageOf('a'), 'team/app:2.0': imageOf('b') })
    await tag(registry, '1.0', 'stable')
    const { tags, tagCount } = await askerOf(registry).json<Repository>(`${path}?sort=name`)
    expect(tags.map((row) => row.tags)).toEqual([['1.0', 'stable'], ['2.0']])
    expect(tagCount).toBe(3)
  })

  it('tell aliases that the filter leaves out', async () => {
    const registry = testRegistry()
    await registry.push({ 'team/app:1.0': imageOf('a') })
    await tag(registry, '1.0', 'stable')
    const { tags } = await askerOf(registry).json<Repository>(`${path}?q=STA`)
    expect(tags.map((row) => row.tags)).toEqual([['stable', '1.0']])
  })

  it('are sorted over all pages, each once', async () => {
    const registry = testRegistry()
    const versions = Array.from({ length: 130 }, (_, index) => `1.${index}.0`)
    for (const version of versions)
      await registry.push({ [`team/app:${version}`]: imageOf(version) })
    const ask = askerOf(registry)
    const seen: string[] = []
    let pages = 0
    for (let after: string | null = ''; after !== null; pages += 1) {
      const query = new URLSearchParams({ sort: '-version', after })
      const page: Repository = await ask.json(`${path}?${query}`)
      seen.push(...page.tags.flatMap((row) => row.tags))
      after = page.next
    }
    expect(pages).toBe(3)
    expect(seen).toEqual(versions.reverse())
    expect(await ask.html(`${path}?sort=-version`)).toContain('Next page')
  })

  it('have platforms, and one that is not there is no error', async () => {
    const registry = testRegistry({ allowSparse: true })
    await registry.push({
      amd64: imageOf('a'),
      arm64: imageOf('b'),
      'team/app:multi': index({ 'linux/amd64': 'amd64', 'linux/arm64/v8': 'arm64' }),
      'team/app:single': imageOf('c'),
    })
    const ask = askerOf(registry)
    const before = await ask.json<Repository>(`${path}?sort=name`)
    expect(before.tags.map((row) => row.platforms.map(({ name }) => name))).toEqual([
      ['linux/amd64', 'linux/arm64/v8'],
      ['linux/amd64'],
    ])
    const digest = before.tags[0]?.platforms[1]?.digest
    await registry.fetch(`/v2/team/app/manifests/${digest}`, { method: 'DELETE' })
    const { tags } = await ask.json<Repository>(`${path}?sort=name`)
    expect(tags[0]?.platforms).toMatchObject([
      { name: 'linux/amd64', isPresent: true },
      { name: 'linux/arm64/v8', isPresent: false, size: null },
    ])
    expect(await ask.html(path)).toMatch(/<span class="chip gone"[^>]*><span>arm64</)
  })

  it('have the size of their platform, where a layer is in an image twice', async () => {
    const registry = testRegistry()
    await registry.push({ 'team/app:twice': image({ layers: ['again', 'again'] }) })
    const { tags } = await askerOf(registry).json<Repository>(path)
    expect(tags[0]?.platforms).toMatchObject([{ size: tags[0]?.size }])
  })

  it('have no size where only a part of their content is there', async () => {
    const registry = testRegistry({ allowSparse: true })
    const config = 'application/vnd.oci.image.config.v1+json'
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const digest = `sha256:${'a'.repeat(64)}`
    const put = async (reference: string, body: object, type: string): Promise<string> => {
      const response = await registry.fetch(`/v2/team/app/manifests/${reference}`, {
        method: 'PUT',
        headers: { 'Content-Type': type },
        body: JSON.stringify(body),
      })
      expect(response.status).toBe(201)
      return response.headers.get('docker-content-digest') ?? ''
    }
    const child = {
      schemaVersion: 2,
      mediaType,
      config: { mediaType: config, digest, size: 2 },
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          digest: `sha256:${'b'.repeat(64)}`,
          size: 7_000_000,
        },
      ],
    }
    const named = { mediaType, digest: await put('child', child, mediaType), size: 300 }
    const platform = { os: 'linux', architecture: 'amd64' }
    const type = 'application/vnd.oci.image.index.v1+json'
    const whole = { schemaVersion: 2, mediaType: type, manifests: [{ ...named, platform }] }
    await put('multi', whole, type)
    const { tags } = await askerOf(registry).json<Repository>(`${path}?q=multi`)
    expect(tags).toMatchObject([{ size: null, platforms: [{ size: 7_000_002 }] }])
  })

  it('say what is signed, and how many referrers there are', async () => {
    const registry = testRegistry()
    const { 'team/app:1': first } = await registry.push({
      'team/app:1': imageOf('a'),
      signature: artifact({
        type: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        subject: 'team/app:1',
      }),
      sbom: artifact({ type: 'application/spdx+json', subject: 'team/app:1' }),
      'team/app:2': imageOf('b'),
    })
    const ask = askerOf(registry)
    const { tags } = await ask.json<Repository>(`${path}?sort=name`)
    expect(tags).toMatchObject([
      { isSigned: true, referrers: 2 },
      { isSigned: false, referrers: 0 },
    ])
    const legacy = `sha256-${first.slice(7)}.sig`
    await registry.push({ [`team/other:${legacy}`]: imageOf('signature') })
    expect(textOf(await ask.html(path))).toContain('2 referrers')
  })

  it('know the signatures that cosign keeps under tags', async () => {
    const registry = testRegistry()
    const { 'team/app:1': digest } = await registry.push({ 'team/app:1': imageOf('a') })
    await registry.push({ [`team/app:sha256-${digest.slice(7)}.sig`]: imageOf('signature') })
    const ask = askerOf(registry)
    const { tags } = await ask.json<Repository>(`${path}?sort=name`)
    expect(tags).toMatchObject([
      { tags: ['1'], isSigned: true, attachedTo: null },
      { isSigned: false, attachedTo: digest },
    ])
    expect(textOf(await ask.html(path))).toContain(`of ${digest.slice(7, 19)}`)
  })

  it('say what is no image', async () => {
    const registry = testRegistry()
    const artifactType = 'application/vnd.cncf.helm.config.v1+json'
    await registry.push({ 'team/app:chart': artifact({ type: artifactType }) })
    const ask = askerOf(registry)
    const { tags } = await ask.json<Repository>(path)
    expect(tags).toMatchObject([{ kind: 'chart', artifactType, platforms: [] }])
    expect(textOf(await ask.html(path))).toContain('Helm chart')
  })
})

describe('a repository', () => {
  it('has its untagged manifests apart, without parts and referrers of others', async () => {
    const registry = testRegistry()
    await registry.push({
      amd64: imageOf('a'),
      'team/app:multi': index({ 'linux/amd64': 'amd64' }),
      sbom: artifact({ type: 'application/spdx+json', subject: 'team/app:multi' }),
    })
    const { 'team/app:1': digest } = await registry.push({ 'team/app:1': imageOf('b') })
    await registry.push({ 'team/app:1': imageOf('c') })
    const ask = askerOf(registry)
    const { untagged } = await ask.json<Repository>(`${path}?tab=untagged`)
    expect(untagged).toMatchObject([{ digest, untaggedAt: expect.any(Number) }])
    expect(await ask.html(`${path}?tab=untagged`)).toContain(digest.slice(7, 19))
  })

  it('is described by its newest image, and links nowhere but to the web', async () => {
    const registry = testRegistry()
    const annotations = {
      'org.opencontainers.image.description': '<script>alert(1)</script> \u202egnp.exe',
      'org.opencontainers.image.source': 'https://github.com/example/app',
      'org.opencontainers.image.documentation': 'javascript:alert(1)',
      'org.opencontainers.image.licenses': 'MIT',
    }
    await registry.push({ 'team/app:latest': image({ annotations }) })
    const ask = askerOf(registry)
    const { about } = await ask.json<Repository>(path)
    expect(about).toMatchObject({
      tag: 'latest',
      licenses: 'MIT',
      source: 'https://github.com/example/app',
      documentation: null,
    })
    for (const tab of ['tags', 'about']) {
      const html = await ask.html(`${path}?tab=${tab}`)
      expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; \\u202egnp.exe')
      expect(html).not.toContain('javascript:')
      expect(html).toContain('rel="noopener noreferrer nofollow"')
    }
  })

  it('is described by its newest tag, whatever order it is shown in', async () => {
    let now = Date.UTC(2026, 0, 1)
    const registry = testRegistry({ clock: () => now })
    const of = (description: string): ReturnType<typeof image> =>
      image({ annotations: { 'org.opencontainers.image.description': description } })
    await registry.push({ 'team/app:b': of('first') })
    now += 1000
    const { 'team/app:a': digest } = await registry.push({ 'team/app:a': of('second') })
    now += 1000
    await registry.push({ [`team/app:sha256-${digest.slice(7)}.sig`]: of('a signature') })
    const ask = askerOf(registry)
    for (const query of ['', '?sort=-name', '?tab=about', '?q=b']) {
      const { about } = await ask.json<Repository>(`${path}${query}`)
      expect(about).toMatchObject({ description: 'second', tag: 'a' })
    }
  })

  it('is described by labels where it has no annotations', async () => {
    const registry = testRegistry()
    const labels = { 'org.opencontainers.image.description': 'By a label', other: 'x' }
    await registry.push({ 'team/app:1': image({ config: { config: { Labels: labels } } }) })
    const { about } = await askerOf(registry).json<Repository>(path)
    expect(about).toMatchObject({ description: 'By a label', tag: '1' })
  })

  it.each([
    ['?sort=-version&after=nonsense'],
    ['?sort=sideways'],
    ['?tab=other'],
    ['?q=%3Cscript%3E%E2%80%AE'],
    ['?after=%00'],
  ])('takes %s without failing, and says nothing that is markup', async (query) => {
    const registry = testRegistry()
    await registry.push({ 'team/app:1': imageOf('a') })
    const response = await askerOf(registry).answer(`${path}${query}`, { Accept: 'text/html' })
    expect([200, 400]).toContain(response.status)
    expect(await response.text()).not.toContain('<script>\u202e')
  })

  it('is read only by those who may', async () => {
    const registry = testRegistry()
    await registry.push({ 'team/app:1': imageOf('a') })
    const ask = askerOf(registry, {
      access: {
        authenticate: () => ({ id: 'someone' }),
        authorize: (_principal, asks) => asks.map(() => 'deny'),
        challenge: () => 'Basic realm="registry"',
      },
    })
    const response = await ask.answer(path, { Accept: 'application/json' })
    expect(response.status).toBe(404)
    expect(await response.text()).not.toContain('digest')
  })
})
