import { createHash } from 'node:crypto'
import { callContext } from '../../src/core/call-context.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import { tagName } from '../../src/oci/tag.ts'
import type { RegistryOptions, RegistryStores } from '../../src/options.ts'
import type { ByteSource } from '../../src/ports/byte-source.ts'
import { createRegistry, type Registry } from '../../src/registry.ts'
import { type FakeClock, fakeClock } from '../../src/testing/index.ts'

/** A registry in memory whose stores and clock a test can reach. */
export interface InHand {
  readonly registry: Registry
  readonly clock: FakeClock
  readonly stores: RegistryStores
  /** Digests whose bytes are stored. */
  stored(): Promise<readonly Digest[]>
  push(repository: RepositoryName, text: string): Promise<Digest>
  /** Pushes a manifest of blobs that are there; returns its digest. */
  pushImage(repository: RepositoryName, tag: string, blobs: readonly Digest[]): Promise<Digest>
}

const call = callContext()

/** The bytes of a text. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The digest of a text. */
export const sha256 = (text: string): Digest =>
  digestOf('sha256', createHash('sha256').update(text).digest('hex'))

/** A body of these chunks. */
export function sourceOf(...chunks: readonly string[]): ByteSource {
  return {
    async pipe(sink) {
      for (const chunk of chunks) await sink(utf8(chunk))
    },
    abort() {},
  }
}

/** An image manifest of these blobs, the first its config. */
export function manifestOf(blobs: readonly Digest[], more: object = {}): string {
  const [config, ...layers] = blobs.map((digest) => ({ mediaType: 'a/b', digest, size: 1 }))
  return JSON.stringify({ schemaVersion: 2, config, layers, ...more })
}

/** @param wrap puts something between the registry and its stores */
export function inHand(
  options: RegistryOptions = {},
  wrap: (stores: RegistryStores) => RegistryStores = (stores) => stores,
): InHand {
  const clock = fakeClock()
  const stores = wrap({
    blobs: memoryBlobs({ clock: clock.now }),
    uploads: memoryUploads({ clock: clock.now }),
    metadata: memoryMetadata({ clock: clock.now, elapsed: clock.now }),
  })
  const registry = createRegistry({ stores, clock: clock.now, ...options })
  const { service } = registry
  return {
    registry,
    clock,
    stores,
    async stored() {
      const found: Digest[] = []
      for await (const { digest } of stores.blobs.list()) if (digest !== null) found.push(digest)
      return found.sort()
    },
    async push(repository, text) {
      const { digest } = await service.pushBlob(call, repository, sha256(text), {
        source: sourceOf(text),
      })
      return digest
    },
    async pushImage(repository, tag, blobs) {
      const text = manifestOf(blobs)
      const reference = { kind: 'digest', digest: sha256(text) } as const
      const push = { bytes: utf8(text), tags: [tagName(tag)] }
      const pushed = await service.putManifest(call, repository, reference, push)
      return pushed.digest
    },
  }
}
