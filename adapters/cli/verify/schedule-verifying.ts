import type { NoticeSink } from '../../../src/index.ts'
import { startVerifying, steadyClock } from '../../../src/kit.ts'
import { defaultHash } from '../../disk/threaded-hash.ts'
import type { Entries } from '../log.ts'
import type { MaintenanceMetrics } from '../metrics/maintenance.ts'
import type { Opened } from '../open-registry.ts'
import type { VerifySettings } from '../verify-settings.ts'
import { scheduleNote } from './verify-note.ts'
import { fileText, problemText } from './verify-text.ts'

/** Who is told of verifications. */
export interface ToldOfVerifying {
  readonly log: Entries
  readonly onNotice: NoticeSink
  /** Counts what they find; null where nothing is measured. */
  readonly metrics?: Pick<MaintenanceMetrics, 'onProblem' | 'onVerified'> | null
}

/**
 * Verifies the registry of a server again and again; returns what ends it.
 *
 * @param lookEveryMs as in `startVerifying`
 */
export function scheduleVerifying(
  {
    verifyEvery,
    verifyRate,
  }: Pick<VerifySettings, 'verifyRate'> & { readonly verifyEvery: number },
  { stores, note, turns }: Pick<Opened, 'stores' | 'note' | 'turns'>,
  { log, onNotice, metrics }: ToldOfVerifying,
  lookEveryMs?: number,
): () => Promise<void> {
  const kept = scheduleNote(note)
  return startVerifying(stores, {
    everyMs: verifyEvery,
    ...(lookEveryMs === undefined ? {} : { lookEveryMs }),
    load: () => kept.load(),
    save: (schedule) => kept.save(schedule),
    ...(turns === undefined ? {} : { turns }),
    ...(verifyRate === null ? {} : { bytesPerSecond: verifyRate }),
    hash: defaultHash(),
    clock: stores.clock ?? steadyClock(),
    // Other copies in the store, and records of manifests that their bytes correct.
    sources: [],
    onProblem(problem) {
      metrics?.onProblem(problem)
      log.warn({ ...problem }, problemText(problem))
    },
    onFile: (file) => log.warn({ ...file }, fileText(file)),
    // A line of the log says it, with the names.
    onNotice: (notice) => notice.kind !== 'bytes-missing' && onNotice(notice),
    onReport(report) {
      metrics?.onVerified(report)
      const { digests, bytes, manifests, problems, repaired, passing, unnamed, sound } = report
      const counts = { digests, bytes, manifests, problems, repaired, passing, unnamed }
      if (sound) log.info(counts, 'verified everything: all is as it should be')
      else log.warn(counts, 'verified everything: some content is missing or damaged')
    },
  })
}
