import type { RepositoryName } from '../../oci/repository-name.ts'
import type { RepositorySummary } from '../../ports/browsing.ts'

/** Notices what other nodes change in repositories that somebody looks at. */
export interface OtherNodes {
  /** Looks at these repositories from now on. What is returned ends that. */
  watch(names: readonly RepositoryName[]): () => void
  /** Says that this process has changed a repository: its views know already. */
  noteOwn(repository: RepositoryName): void
  close(): void
}

/** What {@link otherNodes} needs. */
export interface OtherNodesDeps {
  readonly summarize: (
    names: readonly RepositoryName[],
  ) => Promise<ReadonlyArray<RepositorySummary | null>>
  readonly onChange: (repository: RepositoryName) => void
  /** Between two looks, in milliseconds. */
  readonly everyMs: number
}

/** Repositories of one look; where more are watched, they take turns. */
const mostAtOnce = 500

interface Watched {
  /** How many views show it. */
  views: number
  /** What was seen last; null before the first look. */
  seen: string | null
  /** Whether a change since then was made here. */
  isOwn: boolean
}

/** Looks while somebody looks, one question at a time, however many views there are. */
export function otherNodes({ summarize, onChange, everyMs }: OtherNodesDeps): OtherNodes {
  const watched: Map<RepositoryName, Watched> = new Map()
  let timer: ReturnType<typeof setInterval> | null = null
  let isLooking = false

  async function look(): Promise<void> {
    if (isLooking) return
    isLooking = true
    try {
      const names = [...watched.keys()].slice(0, mostAtOnce)
      const found = await summarize(names)
      for (const [index, name] of names.entries()) compare(name, found[index] ?? null)
    } catch {
      // The next look may do better. A store that fails says so elsewhere.
    } finally {
      isLooking = false
    }
  }

  function compare(name: RepositoryName, summary: RepositorySummary | null): void {
    const one = watched.get(name)
    if (one === undefined) return
    const { manifests, tags, bytes, pushedAt } = summary ?? {}
    const seen = JSON.stringify([manifests, tags, bytes, pushedAt])
    const isNews = one.seen !== null && one.seen !== seen && !one.isOwn
    one.seen = seen
    one.isOwn = false
    // To the end: those that were not looked at come first then.
    watched.delete(name)
    watched.set(name, one)
    if (isNews) onChange(name)
  }

  function rest(): void {
    if (timer !== null) clearInterval(timer)
    timer = null
  }

  return {
    watch(names) {
      for (const name of names) {
        const one = watched.get(name) ?? { views: 0, seen: null, isOwn: false }
        one.views++
        watched.set(name, one)
      }
      if (names.length > 0) timer ??= setInterval(() => void look(), everyMs)
      let isWatching = true
      return () => {
        if (!isWatching) return
        isWatching = false
        for (const name of names) {
          const one = watched.get(name)
          if (one !== undefined && --one.views === 0) watched.delete(name)
        }
        if (watched.size === 0) rest()
      }
    },

    noteOwn(repository) {
      const one = watched.get(repository)
      if (one !== undefined) one.isOwn = true
    },

    close: rest,
  }
}
