import { dropBytes } from '../core/naming.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { newUploadId } from '../oci/upload-id.ts'
import type { CopyDeps } from './copy-deps.ts'

/** The digest of no bytes. */
const nothing = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Digest

/**
 * Begins a repository that holds nothing. A repository begins with the first thing put in it and does not end
 * with the last, so an empty blob is put in it and taken out again.
 */
export async function beginRepository(
  { to, leaseMs, onNotice }: Pick<CopyDeps, 'to' | 'leaseMs' | 'onNotice'>,
  name: RepositoryName,
): Promise<void> {
  const { blobs, metadata } = to
  const staged = await blobs.stage(newUploadId(), { length: 0, digest: nothing })
  const blob = await staged.commit(nothing)
  const counts = await metadata.linkBlob(name, blob, leaseMs)
  await metadata.unlinkBlob(name, nothing)
  if (counts.key !== blob.key) await dropBytes({ blobs, metadata, onNotice }, blob)
}
