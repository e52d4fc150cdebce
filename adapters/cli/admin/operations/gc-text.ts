import type { GarbageReport } from '../../../../src/index.ts'
import type { BytesHolder, BytesReasons, DueGarbage } from '../../../../src/kit.ts'
import { countText, sizeText, timeText } from '../../copy/amounts.ts'
import { plain } from '../../plain-text.ts'

/** What a collection freed. */
export interface Freed extends GarbageReport {
  readonly kind: 'freed'
  /** Room that deleted blobs still took in files that hold many, in bytes. */
  readonly compacted: number
}

/** What a collection would free. */
export interface Due extends DueGarbage {
  readonly kind: 'due'
}

/** Why bytes are kept. */
export interface Explained extends BytesReasons {
  readonly kind: 'explained'
  readonly digest: string
  /** Whether the next collection deletes them. */
  readonly isDue: boolean
}

/** Nothing is known of a digest. */
export interface Unknown {
  readonly kind: 'unknown'
  readonly digest: string
}

/** What `layerdock gc` comes to. */
export type GcResult = Freed | Due | Explained | Unknown

/** The lines of a result, for a person. */
export function gcLines(result: GcResult): readonly string[] {
  switch (result.kind) {
    case 'freed':
      return freedLines(result)
    case 'due':
      return dueLines(result)
    case 'explained':
      return explainedLines(result)
    case 'unknown':
      return [`${plain(result.digest, 200)}: nothing here has these bytes`]
  }
}

function freedLines({ blobs, bytes, repositories, compacted }: Freed): readonly string[] {
  const lines = [`freed ${sizeText(bytes)}: ${blobsText(blobs)}`]
  if (compacted > 0) lines.push(`gave back ${sizeText(compacted)} of files that hold small blobs`)
  if (repositories > 0) lines.push(`dropped ${countText(repositories)} empty repositories`)
  return lines
}

function dueLines({ blobs, bytes, first }: Due): readonly string[] {
  const lines = [`would free ${sizeText(bytes)}: ${blobsText(blobs)}; nothing was changed`]
  for (const { digest, size } of first) lines.push(`  ${digest}  ${sizeText(size)}`)
  if (blobs > first.length) lines.push(`  and ${countText(blobs - first.length)} more`)
  return lines
}

function explainedLines({
  digest,
  blob,
  isMissing,
  isDue,
  holders,
  more,
  condemned,
}: Explained): readonly string[] {
  const state = isMissing ? 'are known to be missing or damaged' : isDue ? 'go' : 'are kept'
  const when = isDue ? ' with the next collection' : ''
  const size = blob ?? condemned[0]
  const lines = [`${digest}: ${sizeText(size?.size ?? 0)}, which ${state}${when}`]
  for (const holder of holders) lines.push(`  ${holderText(holder)}`)
  if (more) lines.push('  and more')
  if (blob !== null && condemned.length > 0) {
    lines.push(`  copies that nothing names, and that go: ${countText(condemned.length)}`)
  }
  return lines
}

function holderText(holder: BytesHolder): string {
  const { repository } = holder
  switch (holder.kind) {
    case 'manifest': {
      const { tags, tagCount } = holder
      if (tagCount === 0) return `${repository} has it as a manifest, without a tag`
      return `${repository} has it as a manifest, tagged ${someOf(tags, tagCount)}`
    }
    case 'blob': {
      const { namedBy, leaseLeftMs } = holder
      if (leaseLeftMs === null) {
        return `${repository} has it as a blob, which is named by ${someOf(namedBy, namedBy.length)}`
      }
      return leaseLeftMs === 0
        ? `${repository} has it as a blob, which no manifest names, and whose lease is over`
        : `${repository} has it as a blob, which no manifest names; its lease goes on for ${timeText(leaseLeftMs)}`
    }
    case 'trash': {
      const { id, leftMs } = holder
      return leftMs === 0
        ? `the trash has it, deleted from ${repository}; its time is over (entry ${id})`
        : `the trash has it, deleted from ${repository}; it can be restored for ${timeText(leftMs)} (entry ${id})`
    }
  }
}

function someOf(names: readonly string[], count: number): string {
  const rest = count > names.length ? ` and ${countText(count - names.length)} more` : ''
  return `${names.join(', ')}${rest}`
}

function blobsText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'blob' : 'blobs'}`
}
