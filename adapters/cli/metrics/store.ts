import type { BlobWork, CacheFigures, MetadataFigures, NoticeSink } from '../../../src/kit.ts'
import type { Opened } from '../open-registry.ts'
import type { MetricSet, Reading, Sample } from './metric-set.ts'
import { storeNames as names, uploadNames } from './names.ts'

/** distribution's names for what a store of blobs does. */
const actions: Readonly<Record<BlobWork, string>> = {
  read: 'GetContent',
  write: 'PutContent',
  publish: 'Move',
  delete: 'Delete',
}

/** Shows what the stores of a registry know of themselves. */
export function storeMetrics(
  set: MetricSet,
  { registry, stores }: Pick<Opened, 'registry' | 'stores'>,
): void {
  const { metadata, blobs, uploads } = stores
  const figure = (of: (figures: MetadataFigures) => number | undefined) => (): Reading => {
    const figures = metadata.figures?.()
    return figures === undefined ? null : (of(figures) ?? null)
  }
  set.read(
    names.repositories,
    figure(({ repositories }) => repositories),
  )
  set.read(
    names.digests,
    figure(({ digests }) => digests),
  )
  set.read(
    names.condemned,
    figure(({ condemned }) => condemned),
  )
  set.read(
    names.missing,
    figure(({ missing }) => missing),
  )
  set.read(
    names.trash,
    figure(({ trash }) => trash),
  )
  set.read(
    names.journalBytes,
    figure(({ journal }) => journal?.bytes),
  )
  set.read(
    names.snapshotBytes,
    figure(({ journal }) => journal?.snapshotBytes),
  )
  set.read(
    names.pending,
    figure(({ journal }) => journal?.pending),
  )
  set.read(
    names.failedSnapshots,
    figure(({ journal }) => journal?.failedSnapshots),
  )
  const { journal } = metadata.figures?.() ?? {}
  if (journal !== undefined) {
    set.histogram(names.syncs).show({}, journal.syncs)
    set.histogram(names.snapshots).show({}, journal.snapshots)
  }

  const caches = (): ReadonlyArray<readonly [name: string, figures: CacheFigures]> => {
    const records = blobs.figures?.().cache
    const manifests = ['manifests', registry.figures().manifests] as const
    return records === undefined ? [manifests] : [manifests, ['records', records]]
  }
  const each = (of: keyof CacheFigures) => (): readonly Sample[] =>
    caches().map(([cache, figures]) => ({ labels: { cache }, value: figures[of] }))
  const all = (of: keyof CacheFigures) => (): number =>
    caches().reduce((sum, [, figures]) => sum + figures[of], 0)
  set.read(names.cacheRequests, all('requests'))
  set.read(names.cacheHits, all('hits'))
  set.read(names.cacheRequestsOf, each('requests'))
  set.read(names.cacheHitsOf, each('hits'))
  set.read(names.cacheBytes, each('bytes'))

  const segments = (of: 'files' | 'bytes' | 'deadBytes' | 'freedBytes') => (): Reading =>
    blobs.figures?.().segments?.[of] ?? null
  set.read(names.segments, segments('files'))
  set.read(names.segmentBytes, segments('bytes'))
  set.read(names.deadBytes, segments('deadBytes'))
  set.read(names.compacted, segments('freedBytes'))
  const { work } = blobs.figures?.() ?? {}
  if (work !== undefined) {
    const histogram = set.histogram(names.actions)
    for (const [kind, action] of Object.entries(actions)) {
      histogram.show({ driver: 'filesystem', action }, work[kind as BlobWork])
    }
  }

  const sessions = set.shared(async () => (await uploads.figures?.()) ?? null)
  set.read(uploadNames.open, async () => (await sessions())?.sessions ?? null)
  set.read(uploadNames.staged, async () => (await sessions())?.bytes ?? null)
}

const parts = ['metadata', 'blobs', 'uploads'] as const
const states = ['ok', 'full', 'read-only', 'unavailable'] as const

/** Shows the condition of each part of the store, as notices tell it. */
export function conditionMetrics(set: MetricSet): NoticeSink {
  const conditions: Map<string, string> = new Map(parts.map((part) => [part, 'ok']))
  set.read(names.condition, () =>
    parts.flatMap((part) =>
      states.map((state) => ({
        labels: { part, state },
        value: conditions.get(part) === state ? 1 : 0,
      })),
    ),
  )
  return (notice) => {
    if (notice.kind === 'store-condition') conditions.set(notice.part, notice.state)
  }
}
