import type { Lists } from './lists.ts'
import { sideBySide } from './lists.ts'

/** A copy that is most likely a mistake, such as one to itself. Nothing was changed. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused'
}

/**
 * Looks whether a target may be made a mirror: one that shares no repository with the source is another registry,
 * and would be emptied.
 *
 * @throws CopyRefused
 */
export async function expectMirror(from: Lists, to: Lists): Promise<void> {
  let isEmpty = true
  for await (const pair of sideBySide(from.repositories(), to.repositories(), (name) => name)) {
    if (pair.from !== null && pair.to !== null) return
    if (pair.to !== null) isEmpty = false
  }
  if (isEmpty) return
  throw new CopyRefused(
    'the target has repositories, and none of them is in the source: a mirror would remove all of them',
  )
}
