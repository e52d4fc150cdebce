declare const segmentNameBrand: unique symbol

/**
 * The name of a segment that was checked, so a path built from it leads nowhere else: when it was begun,
 * in seconds, and a random part, since no name may ever stand for two segments.
 */
export type SegmentName = string & { readonly [segmentNameBrand]: true }

/** Where a record is. */
export interface RecordPlace {
  readonly segment: SegmentName
  /** Where its head begins, in bytes from the start of the segment. */
  readonly offset: number
  /** Of its bytes, without the head. */
  readonly size: number
}

const nameForm = /^[0-9a-f]{8}-[0-9a-f]{8}$/
const keyForm = /^segments\/([0-9a-f]{8}-[0-9a-f]{8}):(0|[1-9][0-9]{0,9}):(0|[1-9][0-9]{0,7})$/

/** A name that was never used before. */
export function newSegmentName(now: number): SegmentName {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
  return `${hex(Math.floor(now / 1000) >>> 0)}-${hex(random)}` as SegmentName
}

/** The name `text` spells; null for anything else. */
export function parseSegmentName(text: string): SegmentName | null {
  return nameForm.test(text) ? (text as SegmentName) : null
}

/** The key of a record: `segments/<segment>:<offset>:<size>`. */
export function segmentKey({ segment, offset, size }: RecordPlace): string {
  return `segments/${segment}:${offset}:${size}`
}

/** The place a key stands for; null for anything else. */
export function parseSegmentKey(key: string): RecordPlace | null {
  const [, segment, offset, size] = keyForm.exec(key) ?? []
  if (segment === undefined) return null
  return { segment: segment as SegmentName, offset: Number(offset), size: Number(size) }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
