import type {
  CopyProblem,
  CopyReport,
  StoreComparison,
  VerifyProblem,
  VerifyReport,
} from '../../../src/kit.ts'
import { plain } from '../plain-text.ts'
import { countsOf, countText, namesText, sizeText, timeText } from './amounts.ts'

/** A copy that came to its end. */
export interface CopyResult {
  readonly from: string
  readonly to: string
  readonly mirror: boolean
  readonly report: CopyReport
  /** Null where the bytes were not read again. */
  readonly verified: VerifyReport | null
  /** How long the copy took, in milliseconds. */
  readonly copyMs: number
  /** The first problems. */
  readonly problems: readonly CopyProblem[]
  /** How many there were. */
  readonly found: number
}

/** What a copy would do, for people. */
export function planText(
  { from, to }: Pick<CopyResult, 'from' | 'to'>,
  plan: StoreComparison,
  mirror: boolean,
): string {
  const lines = [
    `${from} to ${to}: nothing was changed`,
    `would copy ${namesText(countsOf(plan, 'missing'))}: ${sizeText(plan.bytes)}`,
  ]
  const other = namesText(countsOf(plan, 'other'))
  const extra = namesText(countsOf(plan, 'extra'))
  if (other !== 'nothing') lines.push(`would change ${other}`)
  if (extra !== 'nothing') {
    lines.push(
      mirror ? `would remove ${extra}` : `would leave ${extra} that the source does not have`,
    )
  }
  lines.push(`there already: ${namesText(countsOf(plan, 'same'))}`)
  return `${lines.join('\n')}\n`
}

/** What a copy did, for people. */
export function resultText(result: CopyResult): string {
  const { from, to, mirror, report, verified, copyMs, found } = result
  const { copied, removed, bytes, comparison, complete } = report
  const lines = [
    `${from} to ${to}`,
    `copied ${namesText(copied)}: ${sizeText(bytes)} in ${timeText(copyMs)}`,
  ]
  const gone = namesText(removed)
  if (gone !== 'nothing') lines.push(`removed ${gone}`)
  const same = namesText(countsOf(comparison, 'same'))
  lines.push(`the same on both sides: ${same}`)
  const missing = namesText(countsOf(comparison, 'missing'))
  const other = namesText(countsOf(comparison, 'other'))
  const extra = namesText(countsOf(comparison, 'extra'))
  if (missing !== 'nothing') lines.push(`missing in the target: ${missing}`)
  if (other !== 'nothing') lines.push(`not the same: ${other}`)
  if (extra !== 'nothing') lines.push(`in the target alone: ${extra}`)
  if (verified !== null) {
    const read = `${countText(verified.digests)} digests, ${sizeText(verified.bytes)}`
    lines.push(
      verified.problems === 0
        ? `verified ${read}: all are what they should be`
        : `verified ${read}: ${countText(verified.problems)} are not what they should be; copy again to put them right`,
    )
  }
  if (found > 0) lines.push(`problems: ${countText(found)}`)
  if (!complete) {
    const what = mirror ? 'is not what the source is' : 'lacks something that the source has'
    lines.push(`not complete: the target ${what}`)
  }
  return `${lines.join('\n')}\n`
}

/** The same for programs. */
export function jsonOf(result: CopyResult): string {
  const { from, to, mirror, report, verified, copyMs, problems, found } = result
  const { looked, copied, removed, bytes, comparison, complete } = report
  const seconds = Math.round(copyMs) / 1000
  const document = {
    from,
    to,
    dryRun: false,
    mirror,
    complete,
    seconds,
    bytes,
    looked,
    copied,
    removed,
    comparison,
    verified,
    problemCount: found,
    problems,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** A problem on one line. */
export function problemText({ kind, what, repository, name, detail }: CopyProblem): string {
  const at = what === 'tag' ? ':' : '@'
  const isWhole = repository === null || what === 'repository'
  const where = isWhole ? name : `${repository}${at}${name}`
  return plain(`${kind} ${what} ${where}: ${detail}`, 1000)
}

/** What a verification found, as a problem of a copy. */
export function copyProblem(problem: VerifyProblem): CopyProblem {
  const { kind, what, repositories, digest, detail } = problem
  const [repository = null] = repositories
  return { kind: kind === 'record' ? 'damaged' : kind, what, repository, name: digest, detail }
}
