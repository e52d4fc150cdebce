import {
  type CallContext,
  callContext,
  type Digest,
  type RepositoryName,
  repositoryName,
} from 'layerdock'
import { artifact, image, index, type TestRegistry, testRegistry } from 'layerdock/testing'
import { createUi } from 'layerdock/ui'
import { cyclonedx, provenance02, spdx } from '../readers/documents.ts'

/** A page of a registry for a test, and what was pushed into that. */
export interface PageInHand {
  readonly registry: TestRegistry
  readonly push: TestRegistry['push']
  /** The answer to a browser. */
  html(path: string): Promise<string>
  /** The answer to a program that asks for JSON. */
  json<T>(path: string): Promise<T>
  status(path: string): Promise<number>
}

/** Makes the page of an empty registry. */
export function pageInHand(origin = 'http://registry.test:5000'): PageInHand {
  const registry = testRegistry()
  const ui = createUi(registry)
  const ask = (path: string, accept: string): Promise<Response> =>
    Promise.resolve(
      ui.fetch(new Request(`${origin}/_layerdock/${path}`, { headers: { Accept: accept } })),
    )
  return {
    registry,
    push: registry.push,
    html: async (path) => (await ask(path, 'text/html')).text(),
    json: async <T>(path: string) => (await (await ask(path, 'application/json')).json()) as T,
    status: async (path) => (await ask(path, 'text/html')).status,
  }
}

/** The repository of {@link pushSamples}. */
export const app: RepositoryName = repositoryName('team/app')
/** The program itself. */
export const call: CallContext = callContext()

const config = (more: object) => ({
  created: '2026-05-01T10:00:00Z',
  config: { Env: ['PATH=/bin', 'MODE=fast'], Cmd: ['/app'], Labels: { team: 'blue' } },
  history: [
    { created_by: '/bin/sh -c #(nop) ADD file:1 in /' },
    { created_by: 'ENV MODE=fast', empty_layer: true },
    { created_by: 'RUN make # buildkit' },
  ],
  ...more,
})

/** Pushes images for two platforms, an index of them, what is attached to it, a chart and a file. */
export function pushSamples({ push }: PageInHand): Promise<Readonly<Record<string, Digest>>> {
  return push({
    'team/app:amd': image({ layers: ['base', 'amd program'], config: config({}) }),
    'team/app:arm': image({
      layers: ['base', 'arm program, longer'],
      config: config({ architecture: 'arm64', variant: 'v8' }),
    }),
    'team/app:v1': index(
      { 'linux/amd64': 'team/app:amd', 'linux/arm64/v8': 'team/app:arm' },
      { 'org.opencontainers.image.source': 'https://github.com/acme/app' },
    ),
    'team/app:v2': image({
      layers: ['base', 'amd program 2', 'more'],
      config: config({ config: { Env: ['PATH=/bin', 'MODE=slow'], Labels: { team: 'red' } } }),
    }),
    sbom: artifact({
      type: 'application/spdx+json',
      subject: 'team/app:v1',
      layers: [{ content: JSON.stringify(spdx), mediaType: 'application/spdx+json' }],
      annotations: { 'org.opencontainers.image.created': '2026-05-02T10:00:00Z' },
    }),
    signature: artifact({ type: 'application/vnd.cncf.notary.signature', subject: 'sbom' }),
    provenance: artifact({
      type: 'application/vnd.in-toto+json',
      subject: 'team/app:amd',
      layers: [
        { content: JSON.stringify(provenance02), mediaType: 'application/vnd.in-toto+json' },
      ],
    }),
    'team/file:v1': artifact({
      type: 'application/vnd.acme.file',
      layers: [
        {
          content: JSON.stringify(cyclonedx),
          annotations: { 'org.opencontainers.image.title': 'bom.json' },
        },
        { content: 'b', annotations: { 'org.opencontainers.image.title': 'b.txt' } },
      ],
    }),
  })
}
