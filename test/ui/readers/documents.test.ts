import { describe, expect, test } from 'vitest'
import { ofDocuments, ParseBudget } from '../../../src/ui/readers/parse-budget.ts'
import { readDocumentFacts } from '../../../src/ui/readers/statement.ts'
import {
  bytesOf,
  cyclonedx,
  envelope,
  hex,
  provenance1,
  provenance02,
  spdx,
  statement,
} from './documents.ts'

const read = (document: unknown) => {
  const facts = readDocumentFacts(bytesOf(document))
  if (facts === 'too-large') throw new Error('the document is too large')
  return facts
}
const none = { items: [], count: 0 }
const created = Date.parse('2026-05-01T10:00:00Z')

describe('an SBOM', () => {
  const ofSpdx = {
    format: 'SPDX',
    version: '2.3',
    name: 'alpine',
    createdAt: created,
    tools: ['syft-1.4.1'],
    packages: {
      items: [
        { name: 'musl', version: '1.2.5', licence: 'MIT' },
        { name: 'zlib', version: '1.3.1', licence: 'Zlib' },
        { name: 'busybox', version: null, licence: null },
        { name: 'musl-utils', version: '1.2.5', licence: 'MIT' },
      ],
      count: 4,
    },
    licences: {
      items: [
        { licence: 'MIT', packages: 2 },
        { licence: 'Zlib', packages: 1 },
      ],
      count: 2,
    },
    withoutLicence: 1,
    files: 2,
  }

  test('in SPDX is summarized', () => {
    const facts = { predicateType: null, subjects: none, provenance: null, signatures: 0 }
    expect(read(spdx)).toEqual({ ...facts, sbom: ofSpdx })
  })

  test('in CycloneDX is summarized', () => {
    expect(read(cyclonedx)?.sbom).toEqual({
      format: 'CycloneDX',
      version: '1.6',
      name: 'alpine 3.21',
      createdAt: created,
      tools: ['trivy 0.60.0'],
      packages: {
        items: [
          { name: 'musl', version: '1.2.5', licence: 'MIT' },
          { name: 'zlib', version: '1.3.1', licence: 'Zlib' },
          { name: 'both', version: null, licence: 'MIT AND Custom' },
          { name: 'alpine', version: null, licence: null },
        ],
        count: 4,
      },
      licences: {
        items: [
          { licence: 'MIT', packages: 1 },
          { licence: 'MIT AND Custom', packages: 1 },
          { licence: 'Zlib', packages: 1 },
        ],
        count: 3,
      },
      withoutLicence: 1,
      files: null,
    })
  })

  test('in CycloneDX 1.4 has its tools in a list', () => {
    const metadata = { tools: [{ vendor: 'aquasecurity', name: 'trivy', version: '0.40' }] }
    expect(read({ ...cyclonedx, metadata })?.sbom?.tools).toEqual(['trivy 0.40'])
  })

  test('in a statement, in an envelope and in a bundle is the same', () => {
    const inside = statement('https://spdx.dev/Document', spdx)
    const facts = {
      predicateType: 'https://spdx.dev/Document',
      subjects: { items: [`sha256:${hex}`], count: 1 },
    }
    expect(read(inside)).toMatchObject({ ...facts, sbom: ofSpdx, signatures: 0 })
    expect(read(envelope(inside))).toMatchObject({ ...facts, sbom: ofSpdx, signatures: 1 })
    const bundle = {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {},
      dsseEnvelope: envelope(inside),
    }
    expect(read(bundle)).toMatchObject({ ...facts, sbom: ofSpdx, signatures: 1 })
  })

  test('of many packages names some of them, and counts all', () => {
    const packages = Array.from({ length: 20_000 }, (_, at) => ({
      name: `package-${at}`,
      licenseDeclared: at < 10_000 ? 'MIT' : `Licence-${at}`,
    }))
    const sbom = read({ ...spdx, packages })?.sbom
    expect(sbom?.packages.count).toBe(20_000)
    expect(sbom?.packages.items).toHaveLength(200)
    expect(sbom?.licences.items[0]).toEqual({ licence: 'MIT', packages: 10_000 })
    expect(sbom?.licences.items).toHaveLength(50)
    expect(sbom?.licences.count).toBe(1000)
  })
})

describe('provenance', () => {
  test('of version 0.2 is read', () => {
    expect(read(provenance02)).toMatchObject({
      predicateType: 'https://slsa.dev/provenance/v0.2',
      sbom: null,
      provenance: {
        builder: 'https://github.com/acme/app/actions/runs/1',
        buildType: 'https://mobyproject.org/buildkit@v1',
        source: 'https://github.com/acme/app.git',
        startedAt: Date.parse('2026-05-01T09:58:00Z'),
        finishedAt: Date.parse('2026-05-01T09:59:00Z'),
        materials: 2,
      },
    })
  })

  test('of version 1 is read', () => {
    expect(read(provenance1)?.provenance).toEqual({
      builder: 'https://github.com/actions/runner/github-hosted',
      buildType: 'https://actions.github.io/buildtypes/workflow/v1',
      source: 'https://github.com/acme/app',
      startedAt: Date.parse('2026-05-01T09:58:00Z'),
      finishedAt: null,
      materials: 1,
    })
  })
})

describe('a document', () => {
  test.each([
    ['no JSON', '<xml/>'],
    ['a list', []],
    ['an object of something else', { name: 'a', packages: [] }],
    ['an envelope of nothing', { payload: '', signatures: [] }],
    ['an envelope that is no base64', { payload: '%%%', signatures: [] }],
    ['an envelope in an envelope', envelope(envelope(spdx))],
    ['too deep', `{"spdxVersion":${'['.repeat(1000)}${']'.repeat(1000)}}`],
  ])('that is %s is none', (_, document) => {
    expect(read(document)).toBeNull()
  })

  test('of another predicate is known by its type', () => {
    expect(read(statement('https://acme.example/tested', { passed: true }))).toEqual({
      predicateType: 'https://acme.example/tested',
      subjects: { items: [`sha256:${hex}`], count: 1 },
      sbom: null,
      provenance: null,
      signatures: 0,
    })
  })
})

describe('a document of which every byte is work', () => {
  const packages = Array.from({ length: 300_000 }, () => ({ name: 'a' }))
  const laborious = { bomFormat: 'CycloneDX', specVersion: '1.6', components: packages }

  test('is too large', () => {
    expect(readDocumentFacts(bytesOf(laborious))).toBe('too-large')
  })

  test('is too large inside of an envelope', () => {
    const inside = { ...laborious, components: packages.slice(0, 280_000) }
    const payload = btoa(JSON.stringify({ ...statement, predicate: inside }))
    expect(readDocumentFacts(bytesOf({ payload, signatures: [] }))).toBe('too-large')
  })

  test('takes away from what others of the same view may cost', () => {
    const half = bytesOf({ ...laborious, components: packages.slice(0, 150_000) })
    const budget = new ParseBudget(ofDocuments)
    expect(readDocumentFacts(half, budget)).toMatchObject({ sbom: { format: 'CycloneDX' } })
    expect(readDocumentFacts(half, budget)).toBe('too-large')
  })
})
