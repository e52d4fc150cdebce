import {
  compareStores,
  copyStores,
  type StoreComparison,
  type StoreDifference,
  type VerifyReport,
  verifyStores,
} from '../../src/kit.ts'
import { defaultHash } from '../disk/threaded-hash.ts'
import { sizeText } from './copy/amounts.ts'
import { endedBySignals, explained, patienceOf } from './copy/ending.ts'
import { type OpenPlace, openPlace } from './copy/open-place.ts'
import { ProgressText } from './copy/progress-text.ts'
import { type CopyResult, copyProblem, jsonOf, planText, resultText } from './copy/result-text.ts'
import { openStatusLine, type StatusLine } from './copy/status-line.ts'
import { ToldProblems } from './copy/told-problems.ts'
import { type CopyWish, copyFlags, wishOf } from './copy/wish.ts'
import { CliError, exitCodes } from './exit.ts'
import { isRegistryUrl } from './interchange/registry-url.ts'
import { parseWords, type WordsShape } from './words.ts'

/** What the copy works with. */
interface Tools {
  readonly source: OpenPlace
  readonly target: OpenPlace
  readonly status: StatusLine
  readonly signal: AbortSignal
}

/** Conflicts that are named. */
const mostNamed = 3

/** What `layerdock copy` takes. */
export const copyShape: WordsShape = {
  command: 'layerdock copy',
  words: [],
  flags: copyFlags,
}

/**
 * Copies a registry from one place to another.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and for places that cannot be opened or copied.
 */
export async function copyCommand(line: readonly string[]): Promise<number> {
  const parsed = await parseWords(line, copyShape)
  if (parsed.switches.has('help')) {
    process.stdout.write((await import('./copy-help.ts')).copyHelp)
    return exitCodes.ok
  }
  if (
    isRegistryUrl(parsed.values.get('from')?.at(-1)) ||
    isRegistryUrl(parsed.values.get('to')?.at(-1))
  ) {
    return (await import('./interchange/content-copy.ts')).contentCopy(parsed)
  }
  const wish = await wishOf(parsed)
  const { signal, stop, giveWay, aborted } = endedBySignals()
  const status = openStatusLine()
  const gives = { command: 'copy', way: giveWay }
  const tools = { patience: patienceOf(status, stop), onNotice: () => {}, gives }
  try {
    const source = await openPlace(wish.from, wish.running ? 'running' : 'read', tools)
    try {
      const target = await openPlace(wish.to, wish.dryRun ? 'look' : 'write', tools)
      try {
        return await copy(wish, { source, target, status, signal })
      } finally {
        await target.close()
      }
    } finally {
      await source.close()
    }
  } catch (error) {
    status.end()
    throw aborted() ?? explained(error)
  }
}

async function copy(wish: CopyWish, tools: Tools): Promise<number> {
  const { mirror, dryRun, verify, json, concurrency, rate } = wish
  const { source, target, status, signal } = tools
  const hash = defaultHash()
  const bounds = { concurrency, signal, hash, ...(rate === null ? {} : { bytesPerSecond: rate }) }
  const names = { from: nameOf(source), to: nameOf(target) }
  const common = source.parts.find((part) => target.parts.includes(part))
  if (common !== undefined) {
    throw new CliError(exitCodes.usage, [`${common} is what is to be copied; give another place`])
  }
  status.show('comparing')
  const differences: StoreDifference[] = []
  const plan = await compareStores(source.stores, target.stores, {
    concurrency,
    signal,
    onDifference: (difference) => {
      if (difference.kind === 'other' && differences.length < mostNamed)
        differences.push(difference)
    },
  })
  status.end()
  if (!mirror) expectNoConflict(plan, differences)
  if (dryRun) {
    const text = planText(names, plan, mirror)
    process.stdout.write(
      json ? `${JSON.stringify({ ...names, dryRun, mirror, plan }, null, 2)}\n` : text,
    )
    return exitCodes.ok
  }
  const progress = new ProgressText(plan)
  const problems = new ToldProblems(status)
  const onProblem = problems.tell
  const report = await copyStores(source.stores, target.stores, {
    ...bounds,
    mirror,
    onProblem,
    onProgress: (now) => status.show(progress.of(now)),
  })
  const copyMs = progress.elapsedMs
  let verified: VerifyReport | null = null
  if (verify) {
    verified = await verifyStores(target.stores, {
      ...bounds,
      onProblem: (problem) => onProblem(copyProblem(problem)),
      onProgress: ({ bytes }) => status.show(`verifying, ${sizeText(bytes)} so far`),
    })
  }
  status.end()
  const { found } = problems
  const result: CopyResult = {
    ...names,
    mirror,
    report,
    verified,
    copyMs,
    problems: problems.listed,
    found,
  }
  process.stdout.write(json ? jsonOf(result) : resultText(result))
  if (wish.running && !json) {
    status.say(
      'this is what the source had when the copy began; once its server is stopped or read-only, copy again with --mirror',
    )
  }
  return report.complete && found === 0 ? exitCodes.ok : exitCodes.problem
}

/** @throws CliError where the target has something else under a name, and nothing was copied yet. */
function expectNoConflict(plan: StoreComparison, differences: readonly StoreDifference[]): void {
  const conflicts = plan.tag.other + plan.manifest.other
  if (conflicts === 0) return
  const some = differences.map(({ what, repository, name }) => {
    return what === 'tag' ? `${repository}:${name}` : `${repository}@${name}`
  })
  throw new CliError(exitCodes.problem, [
    `the target has something else under ${conflicts} of the names, such as ${some.join(', ')}; nothing was copied. --mirror makes the target as the source is`,
  ])
}

/** A place, for people. */
function nameOf({ parts }: OpenPlace): string {
  return parts.join(' and ')
}
