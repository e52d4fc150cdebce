import type { BlobRef } from '../../../src/kit.ts'
import { segmentKey } from './segment-key.ts'
import type { Segment, Segments } from './segments.ts'

/** Has the names of bytes point at a copy of them; deletes whichever of the two is not named then. */
export type Move = (from: BlobRef, to: BlobRef) => Promise<void>

/** A segment below this may be merged with others; in bytes. */
const smallSegment = 4 * 1024 * 1024
/** Small segments that may be there: each start of a process begins one. */
const smallSegments = 8
/** The share of all segments that may be deleted bytes before more than the worst of them are copied. */
const mostDead = 1 / 16
/** A segment of which less than this share is deleted costs more to copy than it gives back. */
const leastDead = 1 / 10
/** Records copied at the same time, so that they share syncs. */
const atOnce = 64

/**
 * Copies what lives in segments with much that is deleted, and in small ones where there are many, to the
 * newest segment, and drops them. A record is copied and durable before a name points at the copy, and
 * the names are durable before the segment goes; a crash in between leaves a copy without a name.
 * Records whose names are on their way, and damaged ones, keep their segment.
 *
 * @param move null: no record is copied, and only segments in which nothing lives are dropped
 * @returns bytes of the segments that went
 */
export async function compactSegments(segments: Segments, move: Move | null): Promise<number> {
  const all = segments.all()
  const current = all.find(({ name }) => name === segments.current)
  const due = dueSegments(all, current)
  if (current !== undefined && due.includes(current)) await segments.retire()
  // Those that need the least room first: a full disk has none for the others.
  due.sort((a, b) => a.size - a.dead.bytes - (b.size - b.dead.bytes))
  let freed = 0
  for (const segment of due) {
    if (move !== null) await moveRecords(segments, segment, move)
    if (await segments.isSpent(segment)) freed += await segments.drop(segment)
  }
  return freed
}

function dueSegments(all: readonly Segment[], current: Segment | undefined): Segment[] {
  const small = all.filter((segment) => segment !== current && segment.size < smallSegment)
  const merged = small.length > smallSegments ? small : []
  let size = 0
  let dead = 0
  for (const segment of all) {
    size += segment.size
    dead += segment.dead.bytes
  }
  const worst = all.filter(
    (segment) => !merged.includes(segment) && deadShare(segment) >= leastDead,
  )
  worst.sort((a, b) => deadShare(b) - deadShare(a))
  for (const { dead: gone } of merged) {
    size -= gone.bytes
    dead -= gone.bytes
  }
  const due = [...merged]
  for (const segment of worst) {
    if (deadShare(segment) < 1 / 2 && dead <= mostDead * size) break
    due.push(segment)
    size -= segment.dead.bytes
    dead -= segment.dead.bytes
  }
  return due
}

function deadShare({ size, dead }: Segment): number {
  return size === 0 ? 0 : dead.bytes / size
}

async function moveRecords(segments: Segments, segment: Segment, move: Move): Promise<void> {
  const under: Set<Promise<void>> = new Set()
  let failure: unknown = null
  for await (const { digest, size, offset } of segments.records(segment)) {
    const place = { segment: segment.name, offset, size }
    const from = { digest, size, key: segmentKey(place) }
    const moving = (async (): Promise<void> => {
      // What is damaged stays where it is: a push of the same content puts another in its place.
      const bytes = await segments.read(from, place)
      if (bytes !== null) await move(from, await segments.append(digest, [bytes], size))
    })().catch((error: unknown) => {
      failure ??= error
    })
    under.add(moving)
    void moving.finally(() => under.delete(moving))
    if (under.size >= atOnce) await Promise.race(under)
    if (failure !== null) break
  }
  await Promise.all(under)
  if (failure !== null) throw failure
}
