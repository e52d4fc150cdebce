import {
  type ContentSource,
  type ContentTarget,
  type CopyProblem,
  type CopyProgress,
  type HashFactory,
  transferContent,
} from '../../../src/kit.ts'
import { countText, namesText, sizeText, timeText } from '../copy/amounts.ts'
import type { StatusLine } from '../copy/status-line.ts'
import { ToldProblems } from '../copy/told-problems.ts'
import { exitCodes } from '../exit.ts'
import type { TransferWish } from './transfer-flags.ts'

/** Content that is brought from one place to another, and what is said of it. */
export interface Transfer {
  readonly source: ContentSource
  readonly target: ContentTarget
  /** What the two are called, for people. */
  readonly names: { readonly from: string; readonly to: string }
  readonly wish: TransferWish
  readonly movesTags: boolean
  readonly hash: HashFactory
  readonly status: StatusLine
  readonly signal: AbortSignal
  /** Whether nothing is changed. Default: false. */
  readonly dryRun?: boolean
  /** Reads what the target has again; what is wrong is told. */
  readonly verify?: (tools: VerifyTools) => Promise<Verified>
  /** What else is to be said in the end, a line each. */
  readonly notes?: () => readonly string[]
  /** Where the result is printed. Default: standard output. */
  readonly out?: Pick<NodeJS.WritableStream, 'write'>
}

/** What a verification of the target works with. */
export interface VerifyTools {
  readonly onProblem: (problem: CopyProblem) => void
  readonly onBytes: (bytes: number) => void
}

/** What a verification read. */
export interface Verified {
  /** Blobs and manifests. */
  readonly digests: number
  readonly bytes: number
}

/** Brings content from one place to another, and says how it goes. Returns the exit code. */
export async function runTransfer(transfer: Transfer): Promise<number> {
  const { source, target, names, wish, status, signal, out = process.stdout } = transfer
  const { selection, rate, json, concurrency } = wish
  const { dryRun = false, verify } = transfer
  const problems = new ToldProblems(status)
  const onProblem = problems.tell
  const started = performance.now()
  const progress = await transferContent(source, target, {
    concurrency,
    signal,
    hash: transfer.hash,
    movesTags: transfer.movesTags,
    dryRun,
    ...(selection === null ? {} : { selection }),
    ...(rate === null ? {} : { bytesPerSecond: rate }),
    onProgress: (now) => status.show(progressText(now, performance.now() - started)),
    onProblem,
  })
  const ms = performance.now() - started
  const before = problems.found
  const onBytes = (bytes: number): void => status.show(`verifying, ${sizeText(bytes)} so far`)
  const verified = verify === undefined ? null : await verify({ onProblem, onBytes })
  status.end()
  const notes = transfer.notes?.() ?? []
  const { found } = problems
  const counts = { ...progress, problems: found }
  if (json)
    out.write(
      jsonOf(names, { progress: counts, problems: problems.listed, notes, ms, dryRun, verified }),
    )
  else {
    for (const note of notes) status.say(note)
    const lines = dryRun ? planLines(progress) : resultLines(progress, ms)
    if (verified !== null) lines.push(verifiedLine(verified, found - before))
    if (found > 0) lines.push(`not complete; problems: ${countText(found)}`)
    out.write(
      [`${names.from} to ${names.to}${dryRun ? ': nothing was changed' : ''}`, ...lines, ''].join(
        '\n',
      ),
    )
  }
  return found === 0 ? exitCodes.ok : exitCodes.problem
}

function progressText({ looked, bytes }: CopyProgress, ms: number): string {
  const rate = bytes / Math.max(ms / 1000, 0.001)
  return `${namesText(looked)}, ${sizeText(bytes)} sent, ${sizeText(Math.round(rate))}/s`
}

function resultLines({ looked, copied, bytes }: CopyProgress, ms: number): string[] {
  return [
    `looked at ${namesText(looked)}`,
    `copied ${namesText(copied)}: ${sizeText(bytes)} in ${timeText(ms)}`,
  ]
}

function planLines({ looked, copied, bytes }: CopyProgress): string[] {
  return [
    `looked at ${namesText(looked)}`,
    `would copy ${namesText(copied)}: ${sizeText(bytes)} of blobs`,
  ]
}

function verifiedLine({ digests, bytes }: Verified, wrong: number): string {
  const read = `verified ${countText(digests)} blobs and manifests, ${sizeText(bytes)}`
  return wrong === 0
    ? `${read}: all are what they should be`
    : `${read}: ${countText(wrong)} are not what they should be`
}

/** What JSON says of a transfer. */
interface Told {
  readonly progress: CopyProgress
  readonly problems: readonly CopyProblem[]
  readonly notes: readonly string[]
  readonly ms: number
  readonly dryRun: boolean
  readonly verified: Verified | null
}

function jsonOf(names: Transfer['names'], told: Told): string {
  const { progress, problems, notes, ms, dryRun, verified } = told
  const { looked, copied, bytes, problems: problemCount } = progress
  const document = {
    ...names,
    dryRun,
    complete: problemCount === 0,
    seconds: Math.round(ms) / 1000,
    bytes,
    looked,
    copied,
    verified,
    notes,
    problemCount,
    problems,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
