// The registry without HTTP and without a socket: a program puts an artifact in and reads it back.
import { createHash } from 'node:crypto'
import {
  callContext,
  createRegistry,
  mediaTypes,
  parseDigest,
  repositoryName,
  tagName,
} from 'layerdock'
import { bytesSource } from 'layerdock/kit'

const { service } = createRegistry()
const call = callContext({ principal: { id: 'weekly-report' } })
const repository = repositoryName('reports/weekly')
const latest = { kind: 'tag', tag: tagName('latest') } as const

const push = async (text: string): Promise<{ digest: string; size: number }> => {
  const bytes = new TextEncoder().encode(text)
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
  if (digest === null) throw new Error('not a digest')
  return service.pushBlob(call, repository, digest, { source: bytesSource(bytes) })
}
const config = { mediaType: 'application/vnd.oci.empty.v1+json', ...(await push('{}')) }
const report = { mediaType: 'text/plain', ...(await push('all is well\n')) }
const manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  artifactType: 'application/vnd.example.report',
  config,
  layers: [report],
}
const bytes = new TextEncoder().encode(JSON.stringify(manifest))
export const pushed: { digest: string } = await service.putManifest(call, repository, latest, {
  bytes,
})
export const tags: readonly string[] = (await service.listTags(call, repository, { limit: 10 }))
  .items
