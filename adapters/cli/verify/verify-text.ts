import type { DamagedFile, VerifyProblem, VerifyProgress, VerifyReport } from '../../../src/kit.ts'
import { countText, sizeText, timeText } from '../copy/amounts.ts'
import { plain } from '../plain-text.ts'

/** How far a pass is, as a command hears of it. */
export interface TimedProgress extends VerifyProgress {
  /** How long this run has taken, in milliseconds. */
  readonly ms: number
  /** Bytes and digests that an earlier run had looked at. */
  readonly before: { readonly bytes: number; readonly digests: number }
}

/** What a command found. */
export interface VerifyResult extends VerifyReport {
  /** How long this run took, in seconds. */
  readonly seconds: number
  /** Whether it went on where an earlier one was stopped. */
  readonly resumed: boolean
  /** Files of the store's own that are damaged. */
  readonly files: readonly DamagedFile[]
  /** The first of the problems. */
  readonly found: readonly VerifyProblem[]
}

/** How far it is, on one line. */
export function progressText(progress: TimedProgress): string {
  const { phase, total, digests, bytes, manifests, problems, unnamed, ms, before } = progress
  const wrong = problems === 0 ? '' : `, ${countText(problems)} wrong`
  if (phase === 'manifests') return `verifying manifests, ${countText(manifests)} so far${wrong}`
  if (phase === 'names') return `looking for bytes without a name, ${countText(unnamed)}${wrong}`
  const cost = 16 * 1024
  const done = bytes + digests * cost
  const all = Math.max(total.bytes + total.digests * cost, done, 1)
  const seconds = Math.max(ms / 1000, 0.001)
  const ran = done - before.bytes - before.digests * cost
  const left = ran > 0 ? `, ${timeText(((all - done) / ran) * ms)} left` : ''
  const parts = [
    `verifying ${Math.floor((done / all) * 100)}%`,
    `${sizeText(bytes)} of ${sizeText(Math.max(total.bytes, bytes))}`,
    `${countText(digests)} of ${countText(Math.max(total.digests, digests))} digests`,
    `${sizeText(Math.round((bytes - before.bytes) / seconds))}/s`,
  ]
  return `${parts.join(', ')}${left}${wrong}`
}

/** A problem on one line. */
export function problemText(problem: VerifyProblem): string {
  const { kind, what, digest, repositories, tags, detail, repairedFrom, quarantined } = problem
  const [first] = repositories
  const more = repositories.length > 1 ? ` and ${repositories.length - 1} more` : ''
  const where = first === undefined ? digest : `${first}@${digest}`
  const tagged = tags.length === 0 ? '' : ` (${tags.slice(0, 3).join(', ')})`
  const aside = quarantined === null ? '' : `; kept in ${quarantined}`
  return plain(
    `${kind} ${what} ${where}${more}${tagged}: ${detail}${aside}${endOf(problem, repairedFrom)}`,
    1000,
  )
}

function endOf({ marked, kind }: VerifyProblem, repairedFrom: string | null): string {
  if (repairedFrom !== null) return `; repaired from ${repairedFrom}`
  if (kind === 'record') return ''
  return marked ? '; a push of the same content heals it' : ''
}

/** A damaged file of the store's own, on one line. */
export function fileText({ file, problem, isRepaired }: DamagedFile): string {
  const end = isRepaired ? '; written again from what the server has in memory' : ''
  return plain(`damaged file ${file}: ${problem}${end}`, 1000)
}

/** Problems that are printed; JSON has more. */
const mostPrinted = 20

/** What a pass found, for a person. */
export function resultText(result: VerifyResult): string {
  const { digests, bytes, manifests, seconds, problems, repaired, found } = result
  const { unnamed, unnamedBytes, passing, resumed, files } = result
  const lines = [...files.map(fileText), ...found.slice(0, mostPrinted).map(problemText)]
  const more = problems - files.length - mostPrinted
  if (more > 0) {
    lines.push(`and ${countText(more)} more; --json and the log list them`)
  }
  const goingOn = resumed ? ', an earlier run included' : ''
  const looked = `verified ${countText(digests)} digests, ${sizeText(bytes)}, and the records of ${countText(manifests)} manifests in ${timeText(seconds * 1000)}${goingOn}`
  if (problems === 0) lines.push(`${looked}: all are what they should be`)
  else {
    const badFiles = files.filter(({ isRepaired }) => !isRepaired).length
    const rest = problems - repaired - badFiles
    const fixed = repaired === 0 ? '' : `, ${countText(repaired)} were repaired`
    lines.push(`${looked}: ${countText(problems)} were not what they should be${fixed}`)
    if (badFiles > 0) {
      lines.push(
        'files of names are damaged, so that the next start may fail: --repair writes them again while the server has the names',
      )
    }
    if (rest > 0) {
      lines.push(
        `${countText(rest)} are still wrong: push the same content again, or verify with --repair --from a copy`,
      )
    }
  }
  if (passing > 0) {
    lines.push(
      `${countText(passing)} were read wrong once and right the second time: look after memory, cables and disks`,
    )
  }
  if (unnamed > 0) {
    lines.push(
      `${sizeText(unnamedBytes)} in ${countText(unnamed)} keys have no name, which is no damage: the next sweep deletes them`,
    )
  }
  return `${lines.join('\n')}\n`
}
