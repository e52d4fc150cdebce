import {
  type ContentSource,
  type ContentTarget,
  type CopyProblem,
  type CopyProgress,
  type HashFactory,
  transferContent,
} from '../../../src/kit.ts'
import { countText, namesText, sizeText, timeText } from '../copy/amounts.ts'
import { problemText } from '../copy/result-text.ts'
import type { StatusLine } from '../copy/status-line.ts'
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
  /** What else is to be said in the end, a line each. */
  readonly notes?: () => readonly string[]
  /** Where the result is printed. Default: standard output. */
  readonly out?: Pick<NodeJS.WritableStream, 'write'>
}

/** Problems that are printed as they come, and that JSON has. */
const mostPrinted = 20
const mostListed = 1000

/** Brings content from one place to another, and says how it goes. Returns the exit code. */
export async function runTransfer(transfer: Transfer): Promise<number> {
  const { source, target, names, wish, status, signal, out = process.stdout } = transfer
  const { selection, rate, json, concurrency } = wish
  const problems: CopyProblem[] = []
  const started = performance.now()
  const progress = await transferContent(source, target, {
    concurrency,
    signal,
    hash: transfer.hash,
    movesTags: transfer.movesTags,
    ...(selection === null ? {} : { selection }),
    ...(rate === null ? {} : { bytesPerSecond: rate }),
    onProgress: (now) => status.show(progressText(now, performance.now() - started)),
    onProblem: (problem) => {
      if (problems.length < mostListed) problems.push(problem)
      if (problems.length <= mostPrinted) status.say(problemText(problem))
      if (problems.length === mostPrinted + 1) {
        status.say('there are more such problems; --json lists them')
      }
    },
  })
  status.end()
  const ms = performance.now() - started
  const notes = transfer.notes?.() ?? []
  if (json) out.write(jsonOf(names, progress, problems, notes, ms))
  else {
    for (const note of notes) status.say(note)
    out.write(resultText(names, progress, ms))
  }
  return progress.problems === 0 ? exitCodes.ok : exitCodes.problem
}

function progressText({ looked, bytes }: CopyProgress, ms: number): string {
  const rate = bytes / Math.max(ms / 1000, 0.001)
  return `${namesText(looked)}, ${sizeText(bytes)} sent, ${sizeText(Math.round(rate))}/s`
}

function resultText(
  { from, to }: Transfer['names'],
  { looked, copied, bytes, problems }: CopyProgress,
  ms: number,
): string {
  const lines = [
    `${from} to ${to}`,
    `looked at ${namesText(looked)}`,
    `copied ${namesText(copied)}: ${sizeText(bytes)} in ${timeText(ms)}`,
  ]
  if (problems > 0) lines.push(`not complete; problems: ${countText(problems)}`)
  return `${lines.join('\n')}\n`
}

function jsonOf(
  names: Transfer['names'],
  { looked, copied, bytes, problems: problemCount }: CopyProgress,
  problems: readonly CopyProblem[],
  notes: readonly string[],
  ms: number,
): string {
  const complete = problemCount === 0
  const seconds = Math.round(ms) / 1000
  const document = {
    ...names,
    complete,
    seconds,
    bytes,
    looked,
    copied,
    notes,
    problemCount,
    problems,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
