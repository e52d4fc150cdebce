import type { LogSeal } from '../../src/kit.ts'
import { algorithmOf, type BlobRef, type LogChoice, StoreDamaged } from '../../src/kit.ts'
import { parseBlobKey } from './blob-key.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'
import { readOrigin, writeOrigin } from './origin.ts'
import { DeadRecords } from './segments/dead-records.ts'
import { headBytes } from './segments/record.ts'
import { parseSegmentKey, type SegmentName } from './segments/segment-key.ts'
import { type BlobPlace, readMarker } from './store-marker.ts'

/** A folder is a copy that was cut off, or made while its server wrote it: its files do not fit each other. */
export class CopyIncomplete extends StoreDamaged {}

/** What {@link expectWholeCopy} works with. */
export interface CopiedFolderDeps {
  readonly files: Files
  readonly layout: Layout
  readonly blobs: BlobPlace
  readonly readOnly: boolean
  /** Whether it is read while a server writes it: then it is not looked at. */
  readonly unlocked?: boolean
  /**
   * Told of each blob that lacks its bytes; without it, a copy that lacks some is refused. The caller then notes that
   * the folder belongs where it is.
   */
  readonly onLacking?: ((blob: BlobRef) => void) | undefined
}

/**
 * Looks whether a folder is a copy, which any tool may have made in any order while a server wrote it, and if so,
 * whether the bytes of all that its names stand for are there. What is found whole is then to be noted as being
 * where it belongs ({@link keepCopy}), so that this is done once.
 *
 * Names need no such look: a file of them that is older or newer than the others does not fit them, and is refused.
 *
 * @returns whether it is a copy
 * @throws CopyIncomplete
 */
export async function expectWholeCopy(
  deps: CopiedFolderDeps,
  choice: LogChoice,
  seal: LogSeal | null,
): Promise<boolean> {
  const { files, layout, onLacking } = deps
  const { named } = choice
  if (named === undefined || deps.unlocked === true) return false
  if (!(await isCopied(files, layout))) return false
  const hasNames = choice.generation > 0 || choice.journalBytes > 0
  if (seal === null && hasNames && choice.isFormatOne !== true && onLacking === undefined) {
    throw incomplete(layout.seal, 'is not in it, so that a journal without its end would not show')
  }
  if (deps.blobs === 'here') await expectBytes(deps, named())
  return true
}

/** Notes that a copy belongs where it is. */
export async function keepCopy(deps: CopiedFolderDeps): Promise<void> {
  const { files, layout, readOnly, onLacking } = deps
  if (readOnly || onLacking !== undefined) return
  // Where there is no room for the note, the next start looks again.
  await writeOrigin(files, layout).catch(() => {})
}

/** Stores of formats before this did not note where they are, and are taken to be there. */
const firstWithOrigin = 4

async function isCopied(files: Files, layout: Layout): Promise<boolean> {
  const origin = await readOrigin(files, layout)
  if (origin !== 'unknown') return origin === 'copied'
  const format = (await readMarker(files, layout))?.format ?? firstWithOrigin
  return format >= firstWithOrigin
}

/** Files that are looked at together. */
const atOnce = 32

async function expectBytes(
  { files, layout, onLacking }: CopiedFolderDeps,
  named: Iterable<BlobRef>,
): Promise<void> {
  const segments: Map<SegmentName, Promise<SegmentLook>> = new Map()
  const lookAt = async (name: SegmentName): Promise<SegmentLook> => ({
    size: (await files.stat(layout.segment(name)))?.size ?? 0,
    dead: await DeadRecords.load(files, layout.deadRecords(name)),
  })
  const isThere = async ({ digest, size, key }: BlobRef): Promise<boolean> => {
    const place = parseSegmentKey(key)
    if (place !== null) {
      let segment = segments.get(place.segment)
      if (segment === undefined) {
        segment = lookAt(place.segment)
        segments.set(place.segment, segment)
      }
      const { size: end, dead } = await segment
      return place.offset + headBytes(algorithmOf(digest)) + size <= end && !dead.has(place.offset)
    }
    const parsed = parseBlobKey(key)
    const stat = parsed === null ? null : await files.stat(layout.blob(parsed.key))
    return stat?.kind === 'file' && stat.size === size
  }
  let lacking = 0
  let first: BlobRef | null = null
  let lot: BlobRef[] = []
  const look = async (): Promise<void> => {
    const there = await Promise.all(lot.map(isThere))
    for (const [index, blob] of lot.entries()) {
      if (there[index] === true) continue
      lacking += 1
      first ??= blob
      onLacking?.(blob)
    }
    lot = []
  }
  for (const blob of named) {
    if (lot.push(blob) >= atOnce) await look()
  }
  await look()
  if (first === null || onLacking !== undefined) return
  const { digest, key } = first as BlobRef
  const what =
    lacking === 1
      ? 'the bytes of a blob or manifest'
      : `the bytes of ${lacking} blobs and manifests`
  throw incomplete(layout.root, `lacks ${what} that it has names of, such as ${digest} in ${key}`)
}

/** Says of damage that the folder is a copy, where it is one: that is what the damage comes from as a rule. */
export async function explainCopy(
  { files, layout }: Pick<CopiedFolderDeps, 'files' | 'layout'>,
  damage: StoreDamaged,
): Promise<StoreDamaged> {
  if (!(await isCopied(files, layout).catch(() => false))) return damage
  return damage instanceof CopyIncomplete ? damage : incomplete(damage.file, damage.problem)
}

function incomplete(file: string, problem: string): CopyIncomplete {
  return new CopyIncomplete(
    file,
    `${problem}; the folder is a copy that was cut off, or made while its server wrote it`,
  )
}

/** A segment, as far as this look needs it. */
interface SegmentLook {
  /** In bytes. */
  readonly size: number
  readonly dead: DeadRecords
}
