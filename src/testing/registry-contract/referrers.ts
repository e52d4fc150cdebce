import { mediaTypes } from '../../index.ts'
import { buildArtifact, buildImage } from '../built-content.ts'
import { equals } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import type { ContractClient } from './contract-client.ts'
import { type RegistryCase, registryCase } from './registry-case.ts'

const sbom = 'application/spdx+json'
const signature = 'application/vnd.example.signature'

interface Listed {
  readonly digest: string
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

async function referrers(
  client: ContractClient,
  subject: string,
  query = '',
): Promise<readonly Listed[]> {
  const answer = await client.expect(200, 'GET', `${client.here}/referrers/${subject}${query}`)
  equals(answer.headers.get('content-type'), mediaTypes.ociIndex, 'the type of the list')
  const list = JSON.parse(answer.text) as { schemaVersion: number; manifests: readonly Listed[] }
  equals(list.schemaVersion, 2, 'its schemaVersion')
  return list.manifests
}

/** What refers to a manifest. */
export const referrerCases: readonly RegistryCase[] = [
  registryCase('an artifact is among the referrers of its subject', async (client) => {
    const image = await client.pushImage(client.here, 'v1')
    const subject = image.descriptor.digest
    const parts = { type: sbom, layers: ['{}'], annotations: { 'org.example': 'yes' } }
    const built = await buildArtifact(parts, image)
    await client.pushParts(client.here, built)
    const pushed = await client.pushManifest(client.here, built.descriptor.digest, built)
    equals(pushed.headers.get('oci-subject'), subject, 'the subject that was said')
    const { digest, size, mediaType } = built.descriptor
    const annotations = parts.annotations
    const expected = [{ mediaType, digest, size, artifactType: sbom, annotations }]
    equals(await referrers(client, subject), expected, 'the list')
  }),

  registryCase('what nobody refers to has an empty list', async (client) => {
    equals(await referrers(client, sampleDigest(1)), [], 'in no repository')
    const image = await client.pushImage(client.here, 'v1')
    equals(await referrers(client, image.descriptor.digest), [], 'of an image')
  }),

  registryCase('a referrer may come before its subject', async (client) => {
    const image = await buildImage({ layers: ['later'] })
    const digest = await client.pushWhole(client.here, await buildArtifact({ type: sbom }, image))
    const { digest: subject } = image.descriptor
    equals((await referrers(client, subject))[0]?.digest, digest, 'before')
    await client.pushWhole(client.here, image, 'v1')
    equals((await referrers(client, subject))[0]?.digest, digest, 'after')
  }),

  registryCase('referrers are listed by their type', async (client) => {
    const image = await client.pushImage(client.here, 'v1')
    const subject = image.descriptor.digest
    const ofType = async (type: string): Promise<string> =>
      client.pushWhole(client.here, await buildArtifact({ type, layers: [type] }, image))
    const [one, two] = [await ofType(sbom), await ofType(signature)]
    const all = (await referrers(client, subject)).map(({ digest }) => digest)
    equals([...all].sort(), [one, two].sort(), 'without a filter')
    const query = `?${new URLSearchParams({ artifactType: sbom })}`
    const path = `${client.here}/referrers/${subject}${query}`
    const { headers } = await client.expect(200, 'GET', path)
    equals(headers.get('oci-filters-applied'), 'artifactType', 'what it says of the filter')
    equals(
      (await referrers(client, subject, query)).map(({ digest }) => digest),
      [one],
      'of one',
    )
  }),

  registryCase('a deleted referrer is listed no more', async (client) => {
    const image = await client.pushImage(client.here, 'v1')
    const digest = await client.pushWhole(client.here, await buildArtifact({ type: sbom }, image))
    await client.expect(202, 'DELETE', `${client.here}/manifests/${digest}`)
    equals(await referrers(client, image.descriptor.digest), [], 'the list')
  }),

  registryCase('what is no digest has no referrers', async (client) => {
    const path = `${client.here}/referrers/sha256:abc`
    await client.refused(400, 'DIGEST_INVALID', 'GET', path)
  }),
]
