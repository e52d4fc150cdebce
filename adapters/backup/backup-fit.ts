import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { absent } from './absent.ts'
import { writeDurably } from './generation.ts'

/** A folder is no backup, and cannot become one, or what is wanted of it is not there. */
export class UnfitBackup extends Error {
  override readonly name = 'UnfitBackup'
}

/** What says that a folder is a backup. */
export const marker = 'backup.json'
const newestFormat = 1

/** What stands in {@link marker}. */
export const markerText: string = `${JSON.stringify({ format: newestFormat })}\n`

/** Makes a backup of a folder that is absent or empty. @throws UnfitBackup for one of other things. */
export async function makeFit(path: string): Promise<void> {
  await expectNoFile(path, 'Choose another place; layerdock backup - > FILE writes an archive')
  const names = await readdir(path).catch(absent)
  if (names.includes(marker)) return await expectBackup(path)
  const other = names.find((name) => name !== 'lost+found' && name !== `${marker}.new`)
  if (other !== undefined) throw await unfit(path, names, other)
  if ((await readdir(dirname(path)).catch(absent)).includes('store.json')) {
    throw new UnfitBackup(`${path}: is inside the folder of a registry; choose another place`)
  }
  await mkdir(path, { recursive: true, mode: 0o700 })
  await writeDurably(join(path, marker), markerText)
}

/** Sees to it that a folder is a backup of a format that is known. @throws UnfitBackup */
export async function expectBackup(path: string): Promise<void> {
  await expectNoFile(path, `An archive is restored with layerdock restore - DIR < ${path}`)
  const names = await readdir(path).catch(absent)
  if (!names.includes(marker)) throw await unfit(path, names, names[0])
  let format: unknown
  try {
    format = JSON.parse(await readFile(join(path, marker), 'utf8')).format
  } catch {
    format = null
  }
  if (format === newestFormat) return
  throw new UnfitBackup(
    typeof format === 'number'
      ? `${path}: is a backup of format ${format}, and this version of Layerdock knows formats up to ${newestFormat}. Run a newer version; nothing was changed`
      : `${path}: ${marker} is damaged. What belongs there is ${markerText.trim()}`,
  )
}

async function expectNoFile(path: string, advice: string): Promise<void> {
  if ((await stat(path).catch(() => null))?.isFile() !== true) return
  throw new UnfitBackup(`${path}: is a file, and a backup is a folder. ${advice}`)
}

async function unfit(
  path: string,
  names: readonly string[],
  other: string | undefined,
): Promise<UnfitBackup> {
  if (other === undefined) return new UnfitBackup(`${path}: there is no backup`)
  if (names.includes('store.json')) {
    return new UnfitBackup(`${path}: is the folder of a registry, and no backup`)
  }
  return new UnfitBackup(
    names.includes('generations') || names.includes('bytes')
      ? `${path}: has no ${marker}, so it is a backup that was cut off while it was unpacked or copied`
      : `${path}: holds ${JSON.stringify(other)} and no ${marker}, so it is no backup`,
  )
}
