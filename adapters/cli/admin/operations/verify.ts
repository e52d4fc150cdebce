import * as v from 'valibot'
import {
  type DamagedFile,
  steadyClock,
  type VerifyProblem,
  type VerifyProgress,
  type VerifyState,
  verifyStores,
} from '../../../../src/kit.ts'
import { defaultHash } from '../../../disk/threaded-hash.ts'
import { type Bounds, boundsOf, flagReader } from '../../copy/flag-values.ts'
import { type Place, placeFlags } from '../../copy/place.ts'
import { CliError, exitCodes } from '../../exit.ts'
import { entry } from '../../help-entry.ts'
import { registryFlags } from '../../interchange/registry-url.ts'
import {
  openMirror,
  openRepairRegistry,
  placeSchema,
  type RepairRegistry,
  registrySchema,
  repairPlaceOf,
  repairRegistryOf,
} from '../../verify/repair-place.ts'
import { commandNote } from '../../verify/verify-note.ts'
import {
  fileText,
  problemText,
  progressText,
  resultText,
  type TimedProgress,
  type VerifyResult,
} from '../../verify/verify-text.ts'
import type { Operation, OperationTools } from '../operation.ts'

interface VerifyInput extends Bounds {
  /** Whether nothing is noted, put aside or repaired. */
  readonly lookOnly: boolean
  readonly repair: boolean
  readonly from: Place | null
  readonly registry: RepairRegistry | null
  /** Whether it starts over where an earlier one was stopped. */
  readonly fresh: boolean
}

/** Problems that a result has. */
const mostListed = 1000
/** How long a stopped pass may be gone on with, in milliseconds: what it looked at may have rotted since. */
const stillFreshMs = 7 * 24 * 60 * 60 * 1000

/** `layerdock verify`: reads and hashes everything again. */
export const verify: Operation<VerifyInput, VerifyResult, TimedProgress> = {
  name: 'verify',
  help: `layerdock verify: read and hash everything again, and say what is wrong.

  layerdock verify
  layerdock verify --rate 50MiB
  layerdock verify --repair --from /backup/layerdock-data

Missing and damaged bytes are noted: clients are no longer told that they are there, and the next push of the same
content heals them. Damaged bytes are kept in the folder quarantine. The files of names are read too. Clients push and
pull meanwhile. A run that was stopped continues where it was.

${entry('--repair', 'replace damaged bytes with whole ones, from other copies in the store and from --from, and write damaged files of names again')}
${entry('--from DIR|URL', 'a source of whole bytes: a copy of the registry in a folder, or a registry over HTTP (https://…); the other --from flags of layerdock copy work too')}
${entry('--look-only', 'only say what is wrong; change nothing')}
${entry('--rate SIZE', 'the most it reads in a second')}
${entry('--concurrency N', 'digests that are read at a time (8)')}
${entry('--fresh', 'start over, even if an earlier run was stopped')}
`,
  flags: {
    ...placeFlags('from'),
    ...registryFlags('from'),
    'no-prepared-statements': null,
    repair: null,
    'look-only': null,
    fresh: null,
    rate: 'SIZE',
    concurrency: 'N',
  },
  input: v.strictObject({
    lookOnly: v.boolean(),
    repair: v.boolean(),
    from: v.nullable(placeSchema),
    registry: v.nullable(registrySchema),
    fresh: v.boolean(),
    rate: v.nullable(v.number()),
    concurrency: v.number(),
  }),
  async inputOf(words) {
    const { switches } = words
    const problems: string[] = []
    const registry = repairRegistryOf(words, problems)
    const from = registry === null ? await repairPlaceOf(words, problems) : null
    const bounds = await boundsOf(flagReader(words, problems), 8)
    const repair = switches.has('repair')
    const lookOnly = switches.has('look-only')
    if ((from ?? registry) !== null && !repair) problems.push('--from is for --repair; give both')
    if (repair && lookOnly) problems.push('--repair and --look-only: only one of them')
    if (problems.length > 0) throw new CliError(exitCodes.usage, problems)
    return { from, registry, repair, lookOnly, ...bounds, fresh: switches.has('fresh') }
  },
  changes: ({ lookOnly }) => !lookOnly,
  run: verifyAll,
  progressText,
  text: (result) => resultText(result),
  exitCode: ({ sound }) => (sound ? exitCodes.ok : exitCodes.problem),
}

async function verifyAll(
  input: VerifyInput,
  tools: OperationTools<TimedProgress>,
): Promise<VerifyResult> {
  const { stores, note, settings, log, logIsRead = false, onNotice, signal, tell } = tools
  const { repair, lookOnly, rate, concurrency, fresh } = input
  const clock = stores.clock ?? steadyClock()
  const kept = commandNote(note)
  const asked = JSON.stringify({ repair, lookOnly })
  const stopped = await kept.load()
  const goesOn =
    !fresh && stopped?.asked === asked && clock() - stopped.savedAt < stillFreshMs && !lookOnly
  const from = goesOn ? stopped.state : null
  const { storeWait: withinMs } = settings
  const mirror =
    input.registry !== null
      ? await openRepairRegistry(input.registry, signal)
      : input.from !== null
        ? await openMirror(input.from, { log, signal, onNotice, withinMs })
        : null
  const began = performance.now()
  const { bytes = 0, digests = 0 } = from?.progress ?? {}
  const found: VerifyProblem[] = []
  const files: DamagedFile[] = []
  const onState = async (state: VerifyState): Promise<void> => {
    await kept.save({ asked, savedAt: clock(), state })
  }
  try {
    const report = await verifyStores(stores, {
      hash: defaultHash(),
      concurrency,
      signal,
      clock,
      from,
      marks: !lookOnly,
      ...(rate === null ? {} : { bytesPerSecond: rate }),
      ...(repair ? { sources: mirror === null ? [] : [mirror.source] } : {}),
      ...(lookOnly ? {} : { onState }),
      // A line of the log says it, with the names.
      onNotice: (notice) => notice.kind !== 'bytes-missing' && onNotice(notice),
      onFile(file) {
        files.push(file)
        if (!logIsRead) log.warn({ ...file }, fileText(file))
      },
      onProblem(problem) {
        if (found.length < mostListed) found.push(problem)
        if (!logIsRead) log.warn({ ...problem }, problemText(problem))
      },
      onProgress: (progress: VerifyProgress) =>
        tell({ ...progress, ms: performance.now() - began, before: { bytes, digests } }),
    })
    if (!lookOnly && (await kept.load()) !== null) await kept.save(null)
    const seconds = Math.round(performance.now() - began) / 1000
    return { ...report, seconds, resumed: from !== null, files, found }
  } finally {
    await mirror?.close()
  }
}
