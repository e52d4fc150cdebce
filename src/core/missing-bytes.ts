import type { BlobRef } from '../ports/blob-store.ts'
import type { CoreDeps } from './deps.ts'

/** What giving bytes a name works with. */
export type NamingDeps = Pick<CoreDeps, 'blobs' | 'metadata' | 'onNotice'>

/**
 * Notes that bytes are missing or damaged, so that no client is told again that they are there, and
 * the next push of the same content heals them. Never throws: the caller answers 404 in any case.
 */
export async function noteMissing(deps: NamingDeps, blob: BlobRef): Promise<void> {
  const { digest, key } = blob
  const problem = 'the bytes are missing or damaged'
  try {
    if (!(await deps.metadata.markMissing(blob))) return
    deps.onNotice({ kind: 'bytes-missing', digest, key, problem })
  } catch (error) {
    deps.onNotice({ kind: 'bytes-missing', digest, key, problem })
    deps.onNotice({
      kind: 'background-failure',
      task: 'noting missing bytes',
      error,
      retried: true,
    })
  }
}

/** Whether committed bytes can be opened: they are there, and as long as they should be. */
export async function isThere(deps: NamingDeps, blob: BlobRef): Promise<boolean> {
  const open = await deps.blobs.open(blob, 'anew')
  await open?.close()
  return open !== null
}
