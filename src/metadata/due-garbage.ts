import type { BlobRef } from '../ports/blob-store.ts'
import type { DueGarbage } from '../ports/garbage-values.ts'
import type { Holding } from './holdings.ts'
import { Steps } from './paced.ts'
import type { Repository } from './repository.ts'
import type { State } from './state.ts'
import { heldBy } from './trash-entries.ts'

/** What entries of the trash keep whose time is over. */
interface DueEntries {
  /** How many of them keep these bytes, or have them as a manifest in a repository. */
  readonly held: Map<Holding, number>
  /** The repositories among them. */
  readonly repositories: Set<Repository>
}

/** What `condemn` would return in all, with nothing changed. */
export async function dueGarbage(state: State, now: number, limit: number): Promise<DueGarbage> {
  const { links, holdings } = state
  const steps = new Steps()
  const first: BlobRef[] = []
  let blobs = 0
  let bytes = 0
  const count = (blob: BlobRef): void => {
    blobs += 1
    bytes += blob.size
    if (first.length < limit) first.push(blob)
  }
  for (const blob of holdings.condemned.values()) {
    count(blob)
    if (steps.isOver()) await steps.rest()
  }
  const entries = await dueEntries(state, now, steps)
  const looked: Set<Holding> = new Set()
  const look = (holding: Holding | null): void => {
    if (holding === null || looked.has(holding)) return
    looked.add(holding)
    if (isDue(holding, entries, now)) count(holding.ref)
  }
  for (const { holding } of links.leases.endingBy(now)) {
    look(holding)
    if (steps.isOver()) await steps.rest()
  }
  for (const holding of entries.held.keys()) {
    look(holding)
    if (steps.isOver()) await steps.rest()
  }
  for (const repository of entries.repositories) {
    for (const { holding } of repository.links.values()) {
      look(holding)
      if (steps.isOver()) await steps.rest()
    }
  }
  return { blobs, bytes, first }
}

async function dueEntries({ trash }: State, now: number, steps: Steps): Promise<DueEntries> {
  const held: Map<Holding, number> = new Map()
  const repositories: Set<Repository> = new Set()
  const add = (holding: Holding): void => {
    held.set(holding, (held.get(holding) ?? 0) + 1)
  }
  for (const { content } of trash.due.endingBy(now)) {
    for (const holding of heldBy(content)) add(holding)
    if (steps.isOver()) await steps.rest()
    if (content.kind !== 'repository') continue
    repositories.add(content.repository)
    for (const { holding } of content.repository.manifests.values()) {
      if (holding !== null) add(holding)
      if (steps.isOver()) await steps.rest()
    }
  }
  return { held, repositories }
}

/** Whether nothing keeps the bytes but links whose leases are over, and entries of the trash that are due. */
function isDue(holding: Holding, { held, repositories }: DueEntries, now: number): boolean {
  const { records, entries, firstLink } = holding
  if (records + entries > (held.get(holding) ?? 0)) return false
  for (let link = firstLink; link !== null; link = link.next) {
    if (repositories.has(link.repository)) continue
    if (link.repository.trashed !== null) return false
    if (link.references > 0 || link.keepUntil > now) return false
  }
  return true
}
