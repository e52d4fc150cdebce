import type { NoticeSink } from '../../../src/index.ts'
import type { VerifyProblem, VerifyReport } from '../../../src/kit.ts'
import type { MetricSet } from './metric-set.ts'
import { maintenanceNames as names, uploadNames } from './names.ts'
import { Tally } from './tally.ts'

/** What retention deleted in one run. */
export interface RetentionRun {
  readonly tags: number
  readonly manifests: number
  readonly repositories: number
}

/** What is told of work beside the requests. */
export interface MaintenanceMetrics {
  readonly onNotice: NoticeSink
  /** A run of retention came to its end. */
  onRetention(run: RetentionRun): void
  /** A verification came to its end. */
  onVerified(report: VerifyReport): void
  /** A verification found something. */
  onProblem(problem: Pick<VerifyProblem, 'kind'>): void
}

/** Counts the work beside the requests, and what fails. */
export function maintenanceMetrics(set: MetricSet): MaintenanceMetrics {
  const collections = new Tally('result')
  const runs = new Tally('result')
  const passes = new Tally('result')
  const retained = new Tally('what')
  const problems = new Tally('kind')
  const failures = new Tally('kind')
  const tasks = new Tally('task', 50)
  const sums = {
    collectionSeconds: 0,
    freedBlobs: 0,
    freedBytes: 0,
    droppedRepositories: 0,
    sweptBlobs: 0,
    sweptBytes: 0,
    verifiedBytes: 0,
    repaired: 0,
    bytesMissing: 0,
  }
  const times: Record<'lastCollection' | 'lastRetention' | 'lastPass', number | null> = {
    lastCollection: null,
    lastRetention: null,
    lastPass: null,
  }
  let expired = 0

  const tallies = { collections, retentionRuns: runs, passes, retained, problems, failures }
  for (const [key, tally] of Object.entries({ ...tallies, taskFailures: tasks })) {
    set.read(names[key as keyof typeof names], () => tally.read())
  }
  for (const key of Object.keys(sums) as Array<keyof typeof sums>) {
    set.read(names[key], () => sums[key])
  }
  for (const key of Object.keys(times) as Array<keyof typeof times>) {
    set.read(names[key], () => times[key])
  }
  set.read(uploadNames.expired, () => expired)

  return {
    onNotice(notice) {
      switch (notice.kind) {
        case 'garbage-collected':
          collections.add(notice.isComplete ? 'complete' : 'incomplete')
          sums.collectionSeconds += notice.ms / 1000
          sums.freedBlobs += notice.blobs
          sums.freedBytes += notice.bytes
          sums.droppedRepositories += notice.repositories
          if (notice.isComplete) times.lastCollection = Date.now() / 1000
          break
        case 'bytes-swept':
          sums.sweptBlobs += 1
          sums.sweptBytes += notice.size
          break
        case 'upload-expired':
          expired += 1
          break
        case 'bytes-missing':
          sums.bytesMissing += 1
          break
        case 'background-failure':
          failures.add(notice.kind)
          tasks.add(notice.task)
          if (notice.task === 'retention') runs.add('failed')
          break
        case 'failure':
        case 'callback-failure':
        case 'store-read-only':
        case 'store-recovered':
        case 'mount-mismatch':
        case 'webhook-dead-letters':
        case 'webhook-outbox-full':
        case 'webhook-strays-dropped':
          failures.add(notice.kind)
          break
        case 'store-condition':
        case 'webhook-condition':
          // They have metrics of their own.
          break
      }
    },
    onRetention(run) {
      runs.add('complete')
      retained.add('tags', run.tags)
      retained.add('manifests', run.manifests)
      retained.add('repositories', run.repositories)
      times.lastRetention = Date.now() / 1000
    },
    onVerified({ sound, bytes, repaired }) {
      passes.add(sound ? 'sound' : 'unsound')
      sums.verifiedBytes += bytes
      sums.repaired += repaired
      times.lastPass = Date.now() / 1000
    },
    onProblem: ({ kind }) => problems.add(kind),
  }
}
