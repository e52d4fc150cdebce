import type { CopyProblem, VerifyReport } from '../../../src/kit.ts'
import type { Generation, GenerationFacts } from '../../backup/generation.ts'
import { countText, sizeText, timeText } from '../copy/amounts.ts'

/** A backup that came to its end. */
export interface BackupResult {
  readonly to: string
  /** The generation; null in an archive. */
  readonly name: string | null
  readonly facts: GenerationFacts
  /** How long it took, in milliseconds. */
  readonly ms: number
  /** How many generations there are now. */
  readonly kept: number
  /** Generations that were removed. */
  readonly dropped: readonly string[]
  readonly swept: { readonly keys: number; readonly bytes: number }
  /** Null where the bytes were not read again. */
  readonly verified: VerifyReport | null
}

/** What a backup has, for people. */
export function resultText(result: BackupResult): string {
  const { to, name, facts, ms, kept, dropped, swept, verified } = result
  const lines = [
    `${facts.source} to ${to}${name === null ? '' : `, generation ${name}`}`,
    `${factsLine(facts)}; copied ${sizeText(facts.copiedBytes)} in ${timeText(ms)}`,
  ]
  if (dropped.length > 0) {
    const gone = dropped.length === 1 ? '1 generation' : `${dropped.length} generations`
    lines.push(`removed ${gone} and ${sizeText(swept.bytes)} that only they had; ${kept} are left`)
  }
  if (verified !== null) {
    const read = `${countText(verified.digests)} digests, ${sizeText(verified.bytes)}`
    lines.push(
      verified.problems === 0
        ? `verified ${read}: all are what they should be`
        : `verified ${read}: ${countText(verified.problems)} are not what they should be`,
    )
  }
  if (!facts.whole) {
    lines.push(
      `not whole: ${countText(facts.lacking.count)} blobs or manifests are missing or damaged in the source, and not in the backup`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** The same for programs. */
export function jsonOf(result: BackupResult, problems: readonly CopyProblem[]): string {
  const { to, name, facts, ms, kept, dropped, swept, verified } = result
  const seconds = Math.round(ms) / 1000
  const document = { to, generation: name, ...facts, seconds, kept, dropped, swept, verified }
  return `${JSON.stringify({ ...document, problems: problems.slice(0, 1000) }, null, 2)}\n`
}

/** Generations of a folder, for people. */
export function listText(generations: readonly Generation[]): string {
  if (generations.length === 0) return 'no backup was made to its end\n'
  const lines = generations.map(({ name, facts }) =>
    facts === null
      ? `${name}  generation.json is damaged`
      : `${name}  ${factsLine(facts)}${facts.whole ? '' : `, not whole: ${countText(facts.lacking.count)} are missing`}`,
  )
  return `${lines.join('\n')}\n`
}

function factsLine({ repositories, digests, bytes }: GenerationFacts): string {
  const names = repositories === 1 ? '1 repository' : `${countText(repositories)} repositories`
  return `${names}, ${countText(digests)} blobs and manifests, ${sizeText(bytes)}`
}
