import { artifact, image } from 'layerdock/testing'
import { describe, expect, test } from 'vitest'
import type { ArtifactAnswer } from '../../../src/ui/artifact/artifact-data.ts'
import { pageInHand, pushSamples } from './registry.ts'

const withSamples = async () => {
  const page = pageInHand()
  return { page, digests: await pushSamples(page) }
}

describe('the page of a tag', () => {
  test('of an image says what it is, and how it is run', async () => {
    const { page, digests } = await withSamples()
    const data = await page.json<ArtifactAnswer>('repositories/team/app:amd')
    expect(data).toMatchObject({
      repository: 'team/app',
      tag: 'amd',
      digest: digests['team/app:amd'],
      kind: 'image',
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      tags: { items: ['amd'], count: 1 },
      parents: [{ digest: digests['team/app:v1'], tags: { items: ['v1'], count: 1 } }],
      platforms: null,
      image: {
        platform: { name: 'linux/amd64' },
        command: { items: ['/app'], count: 1 },
        labels: { items: [['team', 'blue']], count: 1 },
      },
      layers: { count: 2 },
      referrers: [{ artifactType: 'application/vnd.in-toto+json', count: 1 }],
      attached: [{ kind: 'attestation', count: 1 }],
      unreadable: [],
      view: 'overview',
      raw: null,
      tree: null,
      mayDelete: true,
    })
    expect(data.pushedAt).toBeGreaterThan(0)
    expect(data.contentSize).toBeGreaterThan(15)
    const html = await page.html('repositories/team/app:amd')
    for (const part of ['linux/amd64', 'RUN make', 'ENV MODE=fast', 'MODE', 'docker pull']) {
      expect(html).toContain(part)
    }
    expect(html).not.toContain('# buildkit')
    // It is drawn again after a push.
    expect(html).toContain('data-live="/_layerdock/events?repository=team%2Fapp"')
    expect(html).toContain('data-results="artifact"')
  })

  test('of an index says its platforms, with their sizes', async () => {
    const { page, digests } = await withSamples()
    const data = await page.json<ArtifactAnswer>('repositories/team/app:v1')
    expect(data.kind).toBe('index')
    expect(data.platforms?.items).toMatchObject([
      { platform: { name: 'linux/amd64' }, digest: digests['team/app:amd'], isPresent: true },
      { platform: { name: 'linux/arm64/v8' }, digest: digests['team/app:arm'], isPresent: true },
    ])
    expect(data.platforms?.items[0]?.contentSize).toBeGreaterThan(15)
    const html = await page.html('repositories/team/app:v1')
    expect(html).toContain('linux/arm64/v8')
    expect(html).toContain('https://github.com/acme/app')
    expect(html).toContain('rel="noopener noreferrer nofollow"')
  })

  test('of an index with a missing platform says that', async () => {
    const { page, digests } = await withSamples()
    const arm = digests['team/app:arm']
    await page.registry.fetch(`/v2/team/app/manifests/${arm}`, { method: 'DELETE' })
    const data = await page.json<ArtifactAnswer>('repositories/team/app:v1')
    expect(data.platforms?.items[1]).toMatchObject({ isPresent: false, contentSize: null })
    expect(await page.html('repositories/team/app:v1')).toContain('not in this repository')
  })

  test('of files names them', async () => {
    const { page } = await withSamples()
    const data = await page.json<ArtifactAnswer>('repositories/team/file:v1')
    expect(data).toMatchObject({ kind: 'artifact', artifactType: 'application/vnd.acme.file' })
    const html = await page.html('repositories/team/file:v1')
    expect(html).toContain('bom.json')
    expect(html).toContain('oras pull')
  })

  test('of an SBOM says what is in it, and what it is about', async () => {
    const { page, digests } = await withSamples()
    const path = `repositories/team/app@${digests.sbom}`
    const data = await page.json<ArtifactAnswer>(path)
    expect(data).toMatchObject({
      kind: 'sbom',
      tag: null,
      subject: { digest: digests['team/app:v1'] },
      documents: [{ sbom: { format: 'SPDX', packages: { count: 4 } } }],
    })
    expect(await page.html(path)).toContain('4 packages')
  })

  test('is not there where the tag is not, or the repository', async () => {
    const { page } = await withSamples()
    for (const path of ['team/app:none', `team/app@sha256:${'0'.repeat(64)}`, 'team/none:v1']) {
      expect(await page.status(`repositories/${path}`)).toBe(404)
      expect(await page.status(`repositories/${path}?view=referrers`)).toBe(404)
    }
  })

  test('has the manifest as it was pushed, and in lines', async () => {
    const { page } = await withSamples()
    const data = await page.json<ArtifactAnswer>('repositories/team/app:v1?view=raw')
    const pushed = await (await page.registry.fetch('/v2/team/app/manifests/v1')).text()
    expect(data.raw).toEqual({
      text: pushed,
      isCut: false,
      indented: JSON.stringify(JSON.parse(pushed), null, 2),
    })
    const html = await page.html('repositories/team/app:v1?view=raw')
    expect(html).toContain('&quot;schemaVersion&quot;: 2')
    expect(html).toContain(`/v2/team/app/manifests/sha256:`)
  })

  test('is no pull of what it shows', async () => {
    const { page } = await withSamples()
    await page.html('repositories/team/app:v1?view=referrers')
    await page.registry.flushPulls()
    const data = await page.json<ArtifactAnswer>('repositories/team/app:v1')
    expect(data.pulledAt).toBeNull()
    await page.registry.fetch('/v2/team/app/manifests/v1')
    await page.registry.flushPulls()
    const later = await page.json<ArtifactAnswer>('repositories/team/app:v1')
    expect(later.pulledAt).toBeGreaterThan(0)
  })
})

describe('what an author wrote', () => {
  test('is text in a comparison, and where it is attached', async () => {
    const page = pageInHand()
    const bad = '<img src=x onerror=alert(1)>"\'\u202e'
    const parts = (value: string) => ({
      annotations: { [bad]: value },
      config: {
        os: bad,
        config: { Env: [`${bad}=${value}`], Cmd: [value], Labels: { [bad]: value } },
        history: [{ created_by: value }],
      },
    })
    const statement = { predicateType: bad, subject: [{ digest: { sha256: bad } }] }
    const sbom = { spdxVersion: bad, name: bad, packages: [{ name: bad, licenseDeclared: bad }] }
    await page.push({
      'bad:a': image({ layers: ['a'], ...parts(`${bad}a`) }),
      'bad:b': image({ layers: ['b'], ...parts(`${bad}b`) }),
      statement: artifact({
        type: 'application/vnd.in-toto+json',
        subject: 'bad:a',
        layers: [JSON.stringify(statement)],
      }),
      sbom: artifact({
        type: 'application/spdx+json',
        subject: 'bad:a',
        layers: [JSON.stringify(sbom)],
        annotations: { [bad]: bad },
      }),
    })
    const views = ['compare/bad?from=a&to=b', 'repositories/bad:a?view=referrers']
    for (const view of views) {
      const html = await page.html(view)
      expect(html).toContain('&lt;img')
      expect(html).not.toMatch(/<img|\u202e/)
    }
  })

  test('is text, and nothing else', async () => {
    const page = pageInHand()
    const bad = '<img src=x onerror=alert(1)>"\'\u202e\u0000'
    await page.push({
      'bad:v1': image({
        layers: [{ content: 'a', annotations: { [bad]: bad } }],
        annotations: { [bad]: bad, link: 'javascript:alert(1)', web: 'https://ok.example/"><b>' },
        config: {
          author: bad,
          os: bad,
          architecture: bad,
          config: {
            User: bad,
            Env: [`${bad}=${bad}`],
            Cmd: [bad],
            Labels: { [bad]: bad },
            ExposedPorts: { [bad]: {} },
          },
          history: [{ created_by: bad.repeat(30) }],
        },
      }),
    })
    for (const view of ['overview', 'referrers', 'raw']) {
      const html = await page.html(`repositories/bad:v1?view=${view}`)
      expect(html).not.toMatch(/<img|<b>|href="javascript|\u202e/)
    }
    expect(await page.html('repositories/bad:v1')).toContain('javascript:alert(1)')
  })

  test('is not read where it is too large, and said so', async () => {
    const page = pageInHand()
    await page.push({
      'big:v1': image({
        layers: ['a'],
        config: { config: { Labels: { a: 'b'.repeat(2_000_000) } } },
      }),
    })
    const data = await page.json<ArtifactAnswer>('repositories/big:v1')
    expect(data).toMatchObject({ image: null, unreadable: [{ what: 'config', why: 'too-large' }] })
    expect(await page.html('repositories/big:v1')).toContain('is too large to show here')
  })

  test('in a manifest of 3 MB is bounded', async () => {
    const page = pageInHand()
    const annotations = Object.fromEntries(
      Array.from({ length: 600 }, (_, at) => [`key-${at}`, 'x'.repeat(5000)]),
    )
    await page.push({ 'big:v1': image({ layers: ['a'], annotations }) })
    for (const view of ['overview', 'referrers', 'raw']) {
      const html = await page.html(`repositories/big:v1?view=${view}`)
      expect(html.length).toBeLessThan(1_000_000)
    }
  })
})
