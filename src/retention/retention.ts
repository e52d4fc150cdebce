import type { AssembledRegistry } from '../assembled-registry.ts'
import { callContext } from '../core/call-context.ts'
import { everyItem } from '../core/paging.ts'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { steadyClock } from '../oci/steady-clock.ts'
import type { RegistryStores } from '../options.ts'
import { carryOut, type Deleted } from './carry-out.ts'
import type { ImmutableTags, Moment } from './decide.ts'
import { dropEmpty } from './empty-repositories.ts'
import { type Explanation, explainPlan } from './explain.ts'
import { freedBytes } from './freed-bytes.ts'
import { Pace } from './pace.ts'
import { planRepository, type RepositoryPlan } from './plan.ts'
import type { RetentionPolicy, RetentionRule } from './read-policy.ts'

/** What retention works with. */
export interface RetentionOptions {
  readonly registry: Pick<AssembledRegistry, 'deletes' | 'flushPulls'>
  /** The stores of that registry. Not every store will do: see {@link retention}. */
  readonly stores: Pick<RegistryStores, 'metadata' | 'clock'>
  readonly policy: RetentionPolicy
  /** Tags that stay in any case. Default: none. `immutableTags` makes it of an access policy. */
  readonly isImmutable?: ImmutableTags
  /** Milliseconds since the epoch. Default: the stores' clock, or `steadyClock` of `layerdock/kit`. */
  readonly clock?: () => number
}

/** How a run is done. */
export interface RunOptions {
  /** Delete nothing, and say what would go, with its bytes. Default: false. */
  readonly dryRun?: boolean
  /** Repositories that it is about, of those with rules. Default: all. */
  readonly repositories?: readonly RepositoryName[]
  /** Ends it after the deletions under way; what was deleted until then stays deleted. */
  readonly signal?: AbortSignal
  /** Told after each repository what went so far. */
  readonly onProgress?: (report: RetentionReport) => void
}

/** What a run did, or would do. */
export interface RetentionReport {
  /** Repositories that were looked at. */
  readonly looked: number
  /** Tags that went, those of manifests included. */
  readonly tags: number
  readonly manifests: number
  /** Empty repositories that went. */
  readonly repositories: number
  /**
   * Of a dry run: the bytes that will be free once trash and leases are over and garbage is collected. What anything
   * that stays needs, in whichever repository, is not counted.
   */
  readonly bytes?: number
}

/** Deletes by a policy. */
export interface Retention {
  /**
   * Deletes what goes by the policy, one repository after the other. Beside requests: what is pushed or tagged
   * meanwhile stays.
   *
   * @throws RegistryError as the stores do; what `signal` aborts with.
   */
  run(options?: RunOptions): Promise<RetentionReport>
  /** Says of each tag and manifest of a repository whether it stays, and why. @throws RegistryError `nameUnknown`. */
  explain(repository: RepositoryName, signal?: AbortSignal): AsyncGenerator<Explanation>
}

/** By how much the clocks of nodes may differ, in milliseconds. */
const skewMs = 60_000

/**
 * Makes a retention of a policy.
 *
 * @example
 * const { policy } = parseRetention(text)
 * if (policy !== null) await retention({ registry, stores, policy }).run()
 *
 * @throws TypeError where the store cannot hold a deletion to conditions (`checksDeletions`), so that what is pushed
 *   meanwhile could be lost.
 */
export function retention(options: RetentionOptions): Retention {
  const { registry, stores, policy, isImmutable = () => null } = options
  const { metadata } = stores
  if (metadata.checksDeletions !== true) {
    throw new TypeError(
      'these metadata cannot hold deletions to conditions (checksDeletions), which retention needs',
    )
  }
  const clock = options.clock ?? stores.clock ?? steadyClock()
  // A clock of several nodes is not the same on each.
  const slack = stores.clock === undefined ? 0 : skewMs

  async function momentNow(): Promise<Moment> {
    await registry.flushPulls()
    const now = Math.floor(clock())
    return { now, notSince: now - slack, pullsSince: (await metadata.pullsSince?.()) ?? null }
  }

  function rulesFor(repository: RepositoryName): readonly RetentionRule[] {
    return policy.rules.filter((rule) => rule.isAbout(repository))
  }

  function plan(
    repository: RepositoryName,
    moment: Moment,
    signal: AbortSignal,
    pace: Pace,
  ): Promise<RepositoryPlan> {
    const rules = rulesFor(repository)
    return planRepository(repository, { metadata, rules, moment, isImmutable, signal, pace })
  }

  async function* repositoriesOf({ repositories }: RunOptions): AsyncGenerator<RepositoryName> {
    const all = repositories ?? everyItem((page) => metadata.listRepositories(page))
    for await (const repository of all) {
      const rules = rulesFor(repository)
      if (rules.some((rule) => rule.delete !== null && rule.about !== 'empty')) yield repository
    }
  }

  return {
    async run(run = {}) {
      const { dryRun = false, signal = new AbortController().signal, onProgress } = run
      const call = callContext({ requestId: `retention-${crypto.randomUUID()}`, signal })
      const pace = new Pace(signal)
      const deleted: Deleted = { tags: 0, manifests: 0 }
      const going: Map<RepositoryName, ReadonlySet<Digest>> = new Map()
      let [looked, repositories] = [0, 0]
      const report = (): RetentionReport => ({ looked, ...deleted, repositories })
      for await (const repository of repositoriesOf(run)) {
        signal.throwIfAborted()
        const moment = await momentNow()
        const planned = await plan(repository, moment, signal, pace)
        if (dryRun) {
          const digests = await count(planned, deleted, pace)
          if (digests.size > 0) going.set(repository, digests)
        } else {
          const { notSince } = moment
          await carryOut(
            planned,
            { deletes: registry.deletes, call, notSince, signal, pace },
            deleted,
          )
        }
        looked += 1
        onProgress?.(report())
      }
      const { deletes } = registry
      const only = run.repositories
      repositories = await dropEmpty({ policy, metadata, deletes, call, signal, dryRun, only })
      if (!dryRun) return report()
      return { ...report(), bytes: await freedBytes(going, metadata, signal, pace) }
    },

    async *explain(repository, signal = new AbortController().signal) {
      if (!(await metadata.hasRepository(repository))) {
        throw new RegistryError('nameUnknown', { detail: { name: repository } })
      }
      const pace = new Pace(signal)
      const planned = await plan(repository, await momentNow(), signal, pace)
      yield* explainPlan(planned, metadata, pace)
    },
  }
}

/** Counts what would go by a plan; the manifests of it. */
async function count(
  { manifests }: RepositoryPlan,
  deleted: Deleted,
  pace: Pace,
): Promise<ReadonlySet<Digest>> {
  const digests: Set<Digest> = new Set()
  for (const { digest, stays, goingTags, followingTags } of manifests.values()) {
    if (pace.isDue) await pace.rest()
    deleted.tags += goingTags.length
    for (const { subject } of followingTags) {
      if (manifests.get(subject)?.stays === false) deleted.tags += 1
    }
    if (stays) continue
    digests.add(digest)
    deleted.manifests += 1
  }
  return digests
}
