import type { BlobRef } from '../ports/blob-store.ts'
import type { CoreDeps } from './deps.ts'

/** What giving bytes a name works with. */
export type NamingDeps = Pick<CoreDeps, 'blobs' | 'metadata' | 'onNotice'>

/**
 * Notes that bytes are missing or damaged, so that no client is told again that they are there, and
 * the next push of the same content heals them. Never throws: the caller answers 404 in any case.
 *
 * @returns whether it is noted now
 */
export async function noteMissing(deps: NamingDeps, blob: BlobRef): Promise<boolean> {
  const { digest, key } = blob
  const problem = 'the bytes are missing or damaged'
  try {
    if (!(await deps.metadata.markMissing(blob))) return false
    deps.onNotice({ kind: 'bytes-missing', digest, key, problem })
    return true
  } catch (error) {
    deps.onNotice({ kind: 'bytes-missing', digest, key, problem })
    deps.onNotice({
      kind: 'background-failure',
      task: 'noting missing bytes',
      error,
      retried: true,
    })
    return false
  }
}

/** Whether committed bytes can be opened: they are there, and as long as they should be. */
export async function isThere(deps: NamingDeps, blob: BlobRef): Promise<boolean> {
  const open = await deps.blobs.open(blob, 'anew')
  await open?.close()
  return open !== null
}
