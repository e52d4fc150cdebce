import { StoreDamaged } from '../../src/kit.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'
import { readText, replaceDurably } from './whole-files.ts'

/** How two processes are kept from one folder; part of the format, since both must do the same. */
export type LockKind = 'flock' | 'socket'

/** Where a store's bytes are: in its own folder, or in a blob store of the program that opens it. */
export type BlobPlace = 'here' | 'elsewhere'

/** Where its names are: in its own folder, or in a metadata store of the program that opens it. */
export type NamePlace = 'here' | 'elsewhere'

/** The formats there are. */
export type StoreFormat = 1 | 2 | 3 | 4 | 5

/**
 * What stands in `store.json`. Format 1 named blobs by their digest alone; format 2 gives every commit a
 * name of its own; format 3 has segments for small content; format 4 has a
 * trash among its names, and notes pulls; format 5 has messages in its journal. Each reads those before it.
 */
export interface StoreMarker {
  readonly format: StoreFormat
  readonly lock: LockKind
  readonly blobs: BlobPlace
  readonly names: NamePlace
}

/** The newest format that this version of Layerdock reads and writes. */
export const newestFormat: StoreFormat = 5

/** The first version of Layerdock that reads the newest format: older ones tell it to who starts them. */
export const firstVersion = '0.2.0'

/** A store was made by a later version of Layerdock; this one changed nothing in it. */
export class StoreTooNew extends Error {
  override readonly name = 'StoreTooNew'
  /** The file that says so, `store.json`. */
  readonly file: string
  /** The format it names. */
  readonly format: number
  /** The oldest version of Layerdock that reads it; null where the file does not say. */
  readonly needs: string | null

  constructor(file: string, format: number, needs: string | null = null) {
    const known = `this version of Layerdock knows formats up to ${newestFormat}`
    const reads = needs === null ? '' : `, which Layerdock ${needs} and newer read`
    super(`${file}: is of format ${format}${reads}, and ${known}`)
    this.file = file
    this.format = format
    this.needs = needs
  }
}

const longestMarker = 4096

/**
 * The marker; null where there is none.
 *
 * @throws StoreTooNew when it is of a later format.
 * @throws StoreDamaged when it cannot be read.
 */
export async function readMarker(files: Files, layout: Layout): Promise<StoreMarker | null> {
  if (((await files.stat(layout.marker))?.size ?? 0) > longestMarker) throw markerDamaged(layout)
  const text = await readText(files, layout.marker, longestMarker)
  if (text === null) return null
  let marker: Partial<Record<keyof StoreMarker, unknown>> | null
  try {
    marker = JSON.parse(text)
  } catch {
    marker = null
  }
  const { format, lock, blobs = 'here', names = 'here' } = marker ?? {}
  if (!isKnown(format)) {
    throw typeof format === 'number'
      ? new StoreTooNew(layout.marker, format, versionIn(marker))
      : markerDamaged(layout)
  }
  if (lock !== 'flock' && lock !== 'socket') throw markerDamaged(layout)
  if (blobs !== 'here' && blobs !== 'elsewhere') throw markerDamaged(layout)
  if (names !== 'here' && names !== 'elsewhere') throw markerDamaged(layout)
  return { format, lock, blobs, names }
}

/** Puts the marker in place, whole or not at all, and makes that outlive power loss. */
export async function writeMarker(
  files: Files,
  layout: Layout,
  marker: StoreMarker,
): Promise<void> {
  const { format, lock, blobs, names } = marker
  const fields = {
    format,
    lock,
    needs: firstVersion,
    ...(blobs === 'here' ? {} : { blobs }),
    ...(names === 'here' ? {} : { names }),
  }
  await replaceDurably(files, layout.marker, layout.root, `${JSON.stringify(fields)}\n`)
}

function isKnown(format: unknown): format is StoreFormat {
  return Number.isInteger(format) && (format as number) >= 1 && (format as number) <= newestFormat
}

/** The version that a marker of a later format asks for; null for anything that is none. */
function versionIn(marker: object | null): string | null {
  const needs = marker !== null && 'needs' in marker ? marker.needs : null
  return typeof needs === 'string' && /^\d{1,5}\.\d{1,5}\.\d{1,5}$/.test(needs) ? needs : null
}

function markerDamaged(layout: Layout): StoreDamaged {
  const whole = `{"format":${newestFormat},"lock":"flock"}`
  return new StoreDamaged(layout.marker, `is damaged. What belongs there is ${whole}`)
}
