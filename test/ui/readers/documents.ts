/** Documents as the tools that make them write them, shortened. */

const bytesOf = (document: unknown): Uint8Array =>
  new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document))

export const hex: string = 'a'.repeat(64)

/** An SBOM in SPDX 2.3, as syft writes it. */
export const spdx: object = {
  spdxVersion: 'SPDX-2.3',
  dataLicense: 'CC0-1.0',
  SPDXID: 'SPDXRef-DOCUMENT',
  name: 'alpine',
  documentNamespace: 'https://anchore.com/syft/image/alpine-1',
  creationInfo: {
    licenseListVersion: '3.23',
    creators: ['Organization: Anchore, Inc', 'Tool: syft-1.4.1'],
    created: '2026-05-01T10:00:00Z',
  },
  packages: [
    { name: 'musl', versionInfo: '1.2.5', licenseConcluded: 'NOASSERTION', licenseDeclared: 'MIT' },
    {
      name: 'zlib',
      versionInfo: '1.3.1',
      licenseConcluded: 'Zlib',
      licenseDeclared: 'NOASSERTION',
    },
    { name: 'busybox', licenseConcluded: 'NONE', licenseDeclared: 'NONE' },
    { name: 'musl-utils', versionInfo: '1.2.5', licenseDeclared: 'MIT' },
  ],
  files: [{ fileName: '/bin/busybox' }, { fileName: '/lib/libz.so' }],
}

/** An SBOM in CycloneDX 1.6, as trivy writes it. */
export const cyclonedx: object = {
  $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: {
    timestamp: '2026-05-01T10:00:00+00:00',
    tools: { components: [{ type: 'application', name: 'trivy', version: '0.60.0' }] },
    component: { type: 'container', name: 'alpine', version: '3.21' },
  },
  components: [
    { type: 'library', name: 'musl', version: '1.2.5', licenses: [{ license: { id: 'MIT' } }] },
    { type: 'library', name: 'zlib', version: '1.3.1', licenses: [{ expression: 'Zlib' }] },
    {
      type: 'library',
      name: 'both',
      licenses: [{ license: { id: 'MIT' } }, { license: { name: 'Custom' } }],
    },
    { type: 'operating-system', name: 'alpine' },
  ],
}

/** A statement of in-toto about `hex`. */
export function statement(predicateType: string, predicate: object): object {
  return {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType,
    subject: [{ name: 'pkg:docker/app@1', digest: { sha256: hex } }],
    predicate,
  }
}

/** Provenance as BuildKit 0.11 writes it. */
export const provenance02: object = statement('https://slsa.dev/provenance/v0.2', {
  builder: { id: 'https://github.com/acme/app/actions/runs/1' },
  buildType: 'https://mobyproject.org/buildkit@v1',
  materials: [{ uri: 'pkg:docker/alpine@3.21' }, { uri: 'pkg:docker/golang@1.25' }],
  invocation: {
    configSource: { uri: 'https://github.com/acme/app.git', entryPoint: 'Dockerfile' },
  },
  metadata: {
    buildStartedOn: '2026-05-01T09:58:00Z',
    buildFinishedOn: '2026-05-01T09:59:00Z',
  },
})

/** Provenance as GitHub's attestations have it. */
export const provenance1: object = statement('https://slsa.dev/provenance/v1', {
  buildDefinition: {
    buildType: 'https://actions.github.io/buildtypes/workflow/v1',
    externalParameters: { workflow: { repository: 'https://github.com/acme/app', ref: 'main' } },
    resolvedDependencies: [{ uri: 'git+https://github.com/acme/app@main' }],
  },
  runDetails: {
    builder: { id: 'https://github.com/actions/runner/github-hosted' },
    metadata: { startedOn: '2026-05-01T09:58:00Z' },
  },
})

/** A document in an envelope of DSSE. */
export function envelope(document: object): object {
  const payload = btoa(JSON.stringify(document))
  const payloadType = 'application/vnd.in-toto+json'
  return { payloadType, payload, signatures: [{ keyid: '', sig: 'MEUCIQ==' }] }
}

export { bytesOf }
