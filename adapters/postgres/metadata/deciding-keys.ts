import { RegistryError } from '../../../src/index.ts'
import type { BlobRef } from '../../../src/kit.ts'
import { refOf } from './facts.ts'
import type { View } from './view.ts'

/**
 * Decides which key counts for a digest: the first, until nothing names the digest or its bytes are
 * missing. One that lost is condemned, so that its bytes are deleted even if its caller dies.
 *
 * @throws RegistryError `unavailable` when the key was condemned or is known to be missing: its bytes
 *   may be gone, and the caller has to bring others.
 */
export function decideKey(view: View, blob: BlobRef): BlobRef {
  const cell = view.blob(blob.digest)
  const there = cell.now
  const counts = there !== null && !there.missing && there.held
  if (counts && there.key !== blob.key && !view.condemned.has(blob.key)) {
    view.condemned.add(blob.key)
    view.trash.push({ blob: refOf(blob), wasNamed: false })
  }
  if (counts) return refOf(there)
  if (view.condemned.has(blob.key) || (there?.key === blob.key && there.missing)) {
    const cause = new Error(`the key ${blob.key} of ${blob.digest} does not count any more`)
    throw new RegistryError('unavailable', { cause })
  }
  if (there !== null && there.key !== blob.key) {
    view.trash.push({ blob: refOf(there), wasNamed: !there.missing })
  }
  cell.now = { ...refOf(blob), missing: false, held: true }
  return refOf(blob)
}
