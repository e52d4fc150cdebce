import * as v from 'valibot'
import { RegistryError } from '../../src/index.ts'
import {
  type CopyProblem,
  CopyRefused,
  compareStores,
  copyStores,
  type StoreComparison,
  type StoreDifference,
  type VerifyReport,
  verifyStores,
} from '../../src/kit.ts'
import { defaultHash } from '../disk/threaded-hash.ts'
import { sizeText } from './copy/amounts.ts'
import {
  isSamePlace,
  type OpenPlace,
  openPlace,
  type Place,
  placeFlags,
  placeName,
  placeOf,
} from './copy/place.ts'
import { ProgressText } from './copy/progress-text.ts'
import { type CopyResult, jsonOf, planText, problemText, resultText } from './copy/result-text.ts'
import { openStatusLine, type StatusLine } from './copy/status-line.ts'
import { CliError, exitCodes } from './exit.ts'
import { plain } from './plain-text.ts'
import { count, size } from './quantities.ts'
import { listenToSignals } from './signals.ts'
import { parseWords, type Words } from './words.ts'

/** What is to be copied, and how. */
interface Wish {
  readonly from: Place
  readonly to: Place
  readonly running: boolean
  readonly mirror: boolean
  readonly dryRun: boolean
  readonly verify: boolean
  readonly json: boolean
  readonly concurrency: number
  /** In bytes a second; null for no limit. */
  readonly rate: number | null
}

/** What the copy works with. */
interface Tools {
  readonly source: OpenPlace
  readonly target: OpenPlace
  readonly status: StatusLine
  readonly signal: AbortSignal
}

/** Problems that are printed as they come, and that JSON has. */
const mostPrinted = 20
const mostListed = 1000

/**
 * Copies a registry from one place to another.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and for places that cannot be opened or copied.
 */
export async function copyCommand(line: readonly string[]): Promise<number> {
  const parsed = await parseWords(line, {
    command: 'layerdock copy',
    words: [],
    flags: {
      ...placeFlags('from'),
      ...placeFlags('to'),
      running: null,
      mirror: null,
      'dry-run': null,
      verify: null,
      json: null,
      rate: 'SIZE',
      concurrency: 'N',
    },
  })
  if (parsed.switches.has('help')) {
    process.stdout.write((await import('./copy-help.ts')).copyHelp)
    return exitCodes.ok
  }
  const wish = await wishOf(parsed)
  const { signal, aborted } = endedBySignals()
  const status = openStatusLine()
  const onNotice = (): void => {}
  try {
    const mode = wish.running ? 'running' : 'read'
    const source = await openPlace(wish.from, mode, onNotice)
    try {
      const target = await openPlace(wish.to, wish.dryRun ? 'look' : 'write', onNotice)
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
    throw aborted() ?? explained(error, wish)
  }
}

async function copy(wish: Wish, tools: Tools): Promise<number> {
  const { from, to, mirror, dryRun, verify, json, concurrency, rate } = wish
  const { source, target, status, signal } = tools
  const hash = defaultHash()
  const bounds = { concurrency, signal, hash, ...(rate === null ? {} : { bytesPerSecond: rate }) }
  status.show('comparing')
  const differences: StoreDifference[] = []
  const plan = await compareStores(source.stores, target.stores, {
    concurrency,
    signal,
    onDifference: (difference) => {
      if (difference.kind === 'other' && differences.length < mostPrinted)
        differences.push(difference)
    },
  })
  status.end()
  const names = { from: placeName(from), to: placeName(to) }
  if (!mirror) expectNoConflict(plan, differences)
  if (dryRun) {
    const text = planText(names, plan, mirror)
    process.stdout.write(
      json ? `${JSON.stringify({ ...names, dryRun, mirror, plan }, null, 2)}\n` : text,
    )
    return exitCodes.ok
  }
  const progress = new ProgressText(plan)
  const problems: CopyProblem[] = []
  let found = 0
  const onProblem = (problem: CopyProblem): void => {
    found += 1
    if (problems.length < mostListed) problems.push(problem)
    if (found <= mostPrinted) status.say(problemText(problem))
    if (found === mostPrinted + 1) status.say('there are more such problems; --json lists them')
  }
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
      onProblem,
      onProgress: ({ bytes }) => status.show(`verifying, ${sizeText(bytes)} so far`),
    })
  }
  status.end()
  const result: CopyResult = { ...names, mirror, report, verified, copyMs, problems, found }
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
  const some = differences.slice(0, 3).map(({ what, repository, name }) => {
    return what === 'tag' ? `${repository}:${name}` : `${repository}@${name}`
  })
  throw new CliError(exitCodes.problem, [
    `the target has something else under ${conflicts} of the names, such as ${some.join(', ')}; nothing was copied. --mirror makes the target as the source is`,
  ])
}

async function wishOf(parsed: Words): Promise<Wish> {
  const { values, switches } = parsed
  const problems: string[] = []
  const from = placeOf(parsed, 'from', problems)
  const to = placeOf(parsed, 'to', problems)
  if (problems.length === 0 && isSamePlace(from, to)) {
    problems.push(`--to ${placeName(to)}: is what is to be copied; give another place`)
  }
  const take = async <T>(flag: string, schema: v.GenericSchemaAsync<unknown, T>, initially: T) => {
    const text = values.get(flag)?.at(-1)
    if (text === undefined) return initially
    const result = await v.safeParseAsync(schema, text)
    if (result.success) return result.output
    problems.push(`--${flag} ${plain(text, 100)}: ${result.issues[0].message}`)
    return initially
  }
  const concurrency = await take(
    'concurrency',
    v.pipeAsync(count(1), v.maxValue(256, 'is more than 256')),
    16,
  )
  const rate = await take<number | null>('rate', size, null)
  if (problems.length > 0) throw new CliError(exitCodes.usage, problems)
  return {
    from,
    to,
    concurrency,
    rate,
    running: switches.has('running'),
    mirror: switches.has('mirror'),
    dryRun: switches.has('dry-run'),
    verify: switches.has('verify'),
    json: switches.has('json'),
  }
}

/** Ends the copy at the first signal; a second one does not wait for what is under way. */
function endedBySignals(): { readonly signal: AbortSignal; aborted(): CliError | null } {
  const controller = new AbortController()
  const signals = listenToSignals(() => process.exit(exitCodes.problem))
  const stopped = new CliError(exitCodes.problem, [
    'stopped: what was copied stays, and the same command goes on from there',
  ])
  void signals.stop.then(() => controller.abort(stopped))
  const { signal } = controller
  return { signal, aborted: () => (signal.aborted ? stopped : null) }
}

function explained(error: unknown, { to }: Wish): unknown {
  const problem = (text: string): CliError => new CliError(exitCodes.problem, [text])
  if (error instanceof CopyRefused) return problem(`${error.message}; nothing was changed`)
  if (!(error instanceof RegistryError)) return error
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  const goesOn = 'What was copied stays; the same command goes on from there'
  if (error.kind === 'storageFull') {
    return problem(`${placeName(to)}: there is no room left. Free some. ${goesOn}`)
  }
  return problem(`${plain(`${error.message}${cause}`, 1000)}. ${goesOn}`)
}
