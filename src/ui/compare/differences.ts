import type { HistoryStep, ImageConfig } from '../readers/image-config.ts'
import { type ContentDetails, entryOf } from '../readers/manifest-details.ts'
import type { Entry } from '../readers/shapes.ts'

/** A named value that is not the same on both sides: null where a side does not have it. */
export interface Change {
  readonly key: string
  readonly from: string | null
  readonly to: string | null
}

/** Which content two manifests share. Each digest counts once. */
export interface ContentDifference {
  readonly shared: readonly ContentDetails[]
  /** What only the first has. */
  readonly removed: readonly ContentDetails[]
  /** What only the second has. */
  readonly added: readonly ContentDetails[]
  readonly sharedBytes: number
  /** What a host that has the second has to fetch for the first. */
  readonly removedBytes: number
  /** What a host that has the first has to fetch for the second. */
  readonly addedBytes: number
}

/** Steps of two histories: those at the beginning and the end that are the same, and those between. */
export interface HistoryDifference {
  readonly same: number
  readonly removed: readonly HistoryStep[]
  readonly added: readonly HistoryStep[]
}

/** What two lists of content share, by digest. */
export function compareContent(
  from: readonly ContentDetails[],
  to: readonly ContentDetails[],
): ContentDifference {
  const ours = byDigest(from)
  const theirs = byDigest(to)
  const shared = [...ours.values()].filter(({ digest }) => theirs.has(digest))
  const removed = [...ours.values()].filter(({ digest }) => !theirs.has(digest))
  const added = [...theirs.values()].filter(({ digest }) => !ours.has(digest))
  return {
    shared,
    removed,
    added,
    sharedBytes: bytesOf(shared),
    removedBytes: bytesOf(removed),
    addedBytes: bytesOf(added),
  }
}

function byDigest(list: readonly ContentDetails[]): ReadonlyMap<string | null, ContentDetails> {
  return new Map(list.filter(({ digest }) => digest !== null).map((one) => [one.digest, one]))
}

function bytesOf(list: readonly ContentDetails[]): number {
  return list.reduce((sum, { size }) => sum + size, 0)
}

/** What changed between two lists of named values, by name. */
export function compareEntries(from: readonly Entry[], to: readonly Entry[]): readonly Change[] {
  const ours = new Map(from)
  const theirs = new Map(to)
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .sort()
    .map((key) => ({ key, from: ours.get(key) ?? null, to: theirs.get(key) ?? null }))
    .filter((change) => change.from !== change.to)
}

/** What changed between the variables of two environments. */
export function compareEnvironments(
  from: readonly string[],
  to: readonly string[],
): readonly Change[] {
  return compareEntries(from.map(variable), to.map(variable))
}

function variable(text: string): Entry {
  const at = text.indexOf('=')
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** What changed in how two images are run. The keys are those of {@link ImageConfig}. */
export function compareConfigs(from: ImageConfig, to: ImageConfig): readonly Change[] {
  return compareEntries(runEntries(from), runEntries(to))
}

function runEntries(config: ImageConfig): readonly Entry[] {
  const { entrypoint, command, ports, volumes, healthcheck } = config
  const values: readonly (readonly [key: string, value: string | null | undefined])[] = [
    ['platform', config.platform?.name],
    ['osVersion', config.platform?.osVersion],
    ['author', config.author],
    ['user', config.user],
    ['workingDirectory', config.workingDirectory],
    ['stopSignal', config.stopSignal],
    ['entrypoint', words(entrypoint.items)],
    ['command', words(command.items)],
    ['ports', words([...ports.items].sort())],
    ['volumes', words([...volumes.items].sort())],
    ['healthcheck', words(healthcheck.items)],
  ]
  return values.flatMap(([key, value]) => (value ? [[key, value] as const] : []))
}

/** As a Dockerfile writes a list of words; null for none. */
function words(list: readonly string[]): string | null {
  return list.length === 0 ? null : `[${list.map((word) => JSON.stringify(word)).join(', ')}]`
}

/** What changed between two histories. */
export function compareHistories(
  from: readonly HistoryStep[],
  to: readonly HistoryStep[],
): HistoryDifference {
  const most = Math.min(from.length, to.length)
  const isSame = (at: number, other: number): boolean => {
    const [ours, theirs] = [from[at], to[other]]
    return ours?.createdBy === theirs?.createdBy && ours?.isEmpty === theirs?.isEmpty
  }
  let start = 0
  while (start < most && isSame(start, start)) start += 1
  let end = 0
  while (end < most - start && isSame(from.length - 1 - end, to.length - 1 - end)) end += 1
  return {
    same: start + end,
    removed: from.slice(start, from.length - end),
    added: to.slice(start, to.length - end),
  }
}

/** What changed between the files of two artifacts: their digests, by their names. */
export function compareFiles(
  from: readonly ContentDetails[],
  to: readonly ContentDetails[],
): readonly Change[] {
  return compareEntries(files(from), files(to))
}

/** A file goes by its name, and by its type where it has none; the second of a name has a number. */
function files(list: readonly ContentDetails[]): readonly Entry[] {
  const counts: Map<string, number> = new Map()
  return list.map(({ annotations, mediaType, digest }) => {
    const name = entryOf(annotations, 'org.opencontainers.image.title') ?? mediaType
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return [count === 1 ? name : `${name} (${count})`, digest ?? '']
  })
}
