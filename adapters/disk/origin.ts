import { syncDirectory } from './directory-sync.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'
import { readText, writeAll } from './whole-files.ts'

/** What {@link readOrigin} finds: `unknown` where nothing is noted, as in stores of format 3 and before. */
export type Origin = 'here' | 'copied' | 'unknown'

const longestNote = 256
const form = /^this file is (\S+)\n$/

/**
 * Whether a store's folder is where it was made, or a copy. The file `origin` names itself, in a way that stays when
 * the folder is moved or its file system is mounted elsewhere, and that no copy has.
 */
export async function readOrigin(files: Files, layout: Layout): Promise<Origin> {
  const place = (await files.stat(layout.origin))?.place
  if (place === undefined) return 'unknown'
  const text = await readText(files, layout.origin, longestNote, 'latin1').catch(() => null)
  return form.exec(text ?? '')?.[1] === place ? 'here' : 'copied'
}

/** Notes that a store's folder is where it is, and makes that outlive power loss. */
export async function writeOrigin(files: Files, layout: Layout): Promise<void> {
  const fresh = `${layout.origin}.new`
  await files.unlink(fresh)
  const file = await files.open(fresh, 'create')
  try {
    const place = (await files.stat(fresh))?.place
    await writeAll(file, [new TextEncoder().encode(`this file is ${place}\n`)], 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await files.rename(fresh, layout.origin)
  await syncDirectory(files, layout.root)
}
