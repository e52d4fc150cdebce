import { image } from 'layerdock/testing'
import { describe, expect, test } from 'vitest'
import type { ComparisonData } from '../../../src/ui/compare/comparison-data.ts'
import { pageInHand, pushSamples } from './registry.ts'

const withSamples = async () => {
  const page = pageInHand()
  const digests = await pushSamples(page)
  const compare = (from: string, to: string, more = '') =>
    page.json<ComparisonData>(`compare/team/app?from=${from}&to=${to}${more}`)
  return { page, digests, compare }
}

describe('a comparison', () => {
  test('of two images says what differs', async () => {
    const { page, compare } = await withSamples()
    const data = await compare('amd', 'v2')
    expect(data).toMatchObject({
      from: { reference: 'amd', kind: 'image', compared: null },
      to: { reference: 'v2' },
      platform: null,
      differences: {
        isSame: false,
        content: { sharedBytes: 4 },
        files: null,
        image: {
          config: [{ key: 'command', from: '["/app"]', to: null }],
          environment: [{ key: 'MODE', from: 'fast', to: 'slow' }],
          labels: [{ key: 'team', from: 'blue', to: 'red' }],
          history: { same: 3, removed: [], added: [] },
        },
      },
    })
    const content = data.differences?.content
    // The config counts too: a host has to fetch it.
    expect(content?.shared).toHaveLength(1)
    expect(content?.removed).toHaveLength(2)
    expect(content?.added).toHaveLength(3)
    expect(content?.addedBytes).toBe((data.to?.contentSize ?? 0) - 4)
    const html = await page.html('compare/team/app?from=amd&to=v2')
    for (const part of ['MODE', 'slow', 'to v2 downloads', 'not set']) expect(html).toContain(part)
  })

  test('of an index and an image is of the same platform', async () => {
    const { compare, digests } = await withSamples()
    const data = await compare('v1', 'v2')
    expect(data).toMatchObject({
      platform: 'linux/amd64',
      platforms: ['linux/amd64'],
      from: { kind: 'index', compared: digests['team/app:amd'] },
      to: { compared: null },
    })
    expect(data.differences?.content.shared).toHaveLength(1)
  })

  test('of two indexes is of the platform that is chosen', async () => {
    const { page, compare, digests } = await withSamples()
    const arm = `&platform=${encodeURIComponent('linux/arm64/v8')}`
    const data = await compare('v1', 'v1', arm)
    expect(data).toMatchObject({
      platform: 'linux/arm64/v8',
      platforms: ['linux/amd64', 'linux/arm64/v8'],
      from: { compared: digests['team/app:arm'] },
      differences: { isSame: true },
    })
    expect((await compare('v1', 'v1')).platform).toBe('linux/amd64')
    expect((await compare('v1', 'v1', '&platform=none')).platform).toBe('linux/amd64')
    expect(await page.html(`compare/team/app?from=v1&to=v1${arm}`)).toContain('linux/arm64/v8')
  })

  test('of what has no platform in common says that', async () => {
    const { page, compare } = await withSamples()
    await page.push({
      'team/app:s390x': image({ layers: ['c'], config: { architecture: 's390x' } }),
    })
    const data = await compare('v1', 's390x')
    expect(data).toMatchObject({ platform: null, platforms: [], differences: null })
    expect(await page.html('compare/team/app?from=v1&to=s390x')).toContain('no platform in common')
  })

  test('of artifacts is of their files', async () => {
    const { page, digests } = await withSamples()
    const sbom = digests.sbom
    const data = await page.json<ComparisonData>(`compare/team/app?from=${sbom}&to=amd`)
    expect(data.differences?.image).toBeNull()
    expect(data.differences?.files?.map(({ key }) => key)).toContain('application/spdx+json')
    const own = await page.json<ComparisonData>('compare/team/file?from=v1&to=v1')
    expect(own.differences).toMatchObject({ isSame: true, files: [], annotations: [] })
  })

  test('has tags to choose from, before anything is chosen', async () => {
    const { page, compare } = await withSamples()
    const data = await page.json<ComparisonData>('compare/team/app')
    expect([...data.tags].sort()).toEqual(['amd', 'arm', 'v1', 'v2'])
    expect(data).toMatchObject({ from: null, to: null, differences: null })
    expect((await compare('amd', '')).from).toMatchObject({ reference: 'amd' })
    expect(await page.html('compare/team/app')).toContain('<option value="amd">')
  })

  test('of what is not there is an error', async () => {
    const { page } = await withSamples()
    expect(await page.status('compare/team/none?from=a&to=b')).toBe(404)
    expect(await page.status('compare/team/app?from=amd&to=none')).toBe(404)
    for (const bad of ['a b', '<b>', 'sha256:zz', 'md5:aa']) {
      expect(await page.status(`compare/team/app?from=${encodeURIComponent(bad)}&to=amd`)).toBe(400)
    }
  })

  test('of histories leaves out how they begin and end alike', async () => {
    const page = pageInHand()
    const steps = (...commands: string[]) => ({
      history: commands.map((created_by) => ({ created_by, empty_layer: true })),
    })
    await page.push({
      'app:a': image({ layers: ['a'], config: steps('FROM', 'RUN a', 'CMD') }),
      'app:b': image({ layers: ['b'], config: steps('FROM', 'RUN b', 'RUN c', 'CMD') }),
    })
    const data = await page.json<ComparisonData>('compare/app?from=a&to=b')
    const { same, removed = [], added = [] } = data.differences?.image?.history ?? {}
    expect(same).toBe(2)
    expect(removed.map(({ createdBy }) => createdBy)).toEqual(['RUN a'])
    expect(added.map(({ createdBy }) => createdBy)).toEqual(['RUN b', 'RUN c'])
  })
})
