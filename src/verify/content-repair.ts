import { ContentFault, type ContentSource } from '../interchange/content.ts'
import type { Digest } from '../oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts'
import type { BlobStore, OpenBlob } from '../ports/blob-store.ts'
import type { RepairSource } from './repair.ts'

/** Repositories that are asked for a digest of which it is not known who has it. */
const mostAsked = 1000

/** A source that is asked by repository, such as a registry over HTTP. */
export function contentRepair(name: string, source: ContentSource): RepairSource {
  return {
    name,
    async find(digest, size, repositories) {
      let asked = 0
      for await (const repository of namesIn(source, repositories)) {
        if (asked === mostAsked) break
        asked += 1
        const open = await openIn(source, repository, digest, size)
        if (open === null) continue
        const blobs: Pick<BlobStore, 'open'> = { open: async () => open }
        return { blobs, ref: { digest, size: open.size, key: `${repository}@${digest}` } }
      }
      return null
    },
  }
}

/** Those that are known, or all that the source lists. */
async function* namesIn(
  source: ContentSource,
  known: readonly string[],
): AsyncGenerator<RepositoryName> {
  for (const text of known) {
    const name = parseRepositoryName(text)
    if (name !== null) yield name
  }
  if (known.length > 0) return
  try {
    yield* source.repositories()
  } catch (error) {
    if (!(error instanceof ContentFault)) throw error
  }
}

/** Many registries have manifests under the paths of manifests alone. */
async function openIn(
  source: ContentSource,
  repository: RepositoryName,
  digest: Digest,
  size: number,
): Promise<OpenBlob | null> {
  try {
    const { size: length, stream } = await source.openBlob(repository, { digest, size })
    return { size: length, stream: () => stream, close: () => stream.cancel() }
  } catch (error) {
    if (!(error instanceof ContentFault)) throw error
  }
  try {
    const { bytes } = await source.readManifest(repository, { kind: 'digest', digest })
    const stream = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes.slice())
          controller.close()
        },
      })
    return { size: bytes.byteLength, bytes, stream, close: async () => {} }
  } catch (error) {
    if (error instanceof ContentFault) return null
    throw error
  }
}
