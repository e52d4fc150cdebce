import { RegistryError } from '../oci/registry-error.ts'
import { steadyClock } from '../oci/steady-clock.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { BlobRef, BlobStore, OpenBlob, StagedBlob } from '../ports/blob-store.ts'
import { ChunkList } from './chunk-list.ts'

interface Committed {
  readonly ref: BlobRef
  readonly bytes: ChunkList
  readonly committedAt: number
}

/** Settings of {@link memoryBlobs}. */
export interface MemoryBlobsOptions {
  /** Milliseconds since the epoch. Default: {@link steadyClock}. */
  readonly clock?: () => number
}

/**
 * Keeps blobs in memory, in the chunks they came in. For tests, trials and short-lived processes:
 * nothing outlives the process, and every blob takes its size in memory.
 */
export function memoryBlobs(options: MemoryBlobsOptions = {}): BlobStore {
  const clock = options.clock ?? steadyClock()
  const committed: Map<string, Committed> = new Map()
  const staging: Map<UploadId, ChunkList> = new Map()

  return {
    async stage(id, _hint, from) {
      let bytes = new ChunkList()
      if (from !== undefined) {
        const earlier = staging.get(id)
        if (earlier === undefined || earlier.size < from.size) {
          const cause = new Error(`upload ${id} has ${earlier?.size ?? 0} bytes of ${from.size}`)
          throw new RegistryError('uploadUnknown', { cause })
        }
        bytes = earlier.moveFirst(from.size)
      }
      staging.set(id, bytes)
      return staged(id, bytes)
    },

    async open(blob) {
      const found = committed.get(blob.key)
      return found === undefined || found.bytes.size !== blob.size ? null : opened(found.bytes)
    },

    async delete(blob) {
      return committed.delete(blob.key)
    },

    async *list(after) {
      const keys = [...committed.keys()].filter((key) => after === undefined || key > after)
      for (const key of keys.sort()) {
        const found = committed.get(key)
        if (found === undefined) continue
        const { digest, size } = found.ref
        yield { key, size, committedAt: found.committedAt, digest }
      }
    },

    async close() {},
  }

  function staged(id: UploadId, bytes: ChunkList): StagedBlob {
    /** Once another stage of the upload took the bytes over, this one must not add to them. */
    function assertOwner(): void {
      if (staging.get(id) !== bytes) throw new Error(`upload ${id} ended or went on elsewhere`)
    }
    return {
      get size() {
        return bytes.size
      },
      write(chunk) {
        assertOwner()
        bytes.append(chunk)
      },
      async suspend() {
        assertOwner()
        return { size: bytes.size }
      },
      read: () => bytes.stream(),
      async commit(digest) {
        assertOwner()
        const ref = { digest, size: bytes.size, key: `${digest}/${crypto.randomUUID()}` }
        committed.set(ref.key, { ref, bytes, committedAt: clock() })
        staging.delete(id)
        return ref
      },
      async discard() {
        if (staging.get(id) === bytes) staging.delete(id)
      },
    }
  }
}

function opened(bytes: ChunkList): OpenBlob {
  return {
    size: bytes.size,
    stream: (span) => bytes.stream(span),
    async close() {},
  }
}
