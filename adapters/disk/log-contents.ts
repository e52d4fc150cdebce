import { type LogContents, type LogFile, type LogSeal, StoreDamaged } from '../../src/kit.ts'
import type { Files } from './files.ts'
import { journalGeneration, type Layout } from './layout.ts'
import { SealFile } from './seal-file.ts'
import { type FoundSnapshot, findSnapshot } from './snapshot-file.ts'
import { readFile } from './whole-files.ts'

/** The files of names in a store's folder. */
export interface FoundLog {
  readonly snapshot: LogFile | null
  readonly previous: LogFile | null
  /** The previous snapshot, where every journal since is there too. */
  readonly usablePrevious: LogFile | null
  /** Oldest first. */
  readonly journals: readonly LogFile[]
  /** Names of files that should be snapshots, and are not. */
  readonly unreadable: readonly string[]
}

/**
 * Finds the names' files.
 *
 * @throws StoreDamaged when some are gone without which acknowledged changes would be forgotten.
 */
export async function findLog(files: Files, layout: Layout): Promise<FoundLog> {
  const newest = await findSnapshot(files, layout.snapshot, 'metadata.json')
  const second = await findSnapshot(files, layout.previousSnapshot, 'metadata.previous.json')
  const snapshot = fileOf(newest)
  const previous = fileOf(second)
  const journals = await findJournals(files, layout)
  const generations = journals.map((journal) => journal.generation)

  if (snapshot === null && previous === null && generations[0] !== 0) {
    throw lost(layout, 'metadata.json', problemOf(newest))
  }
  if (snapshot !== null && !reaches(snapshot.generation, generations)) {
    throw lost(layout, `journal.${gap(snapshot.generation, generations)}`, 'is gone')
  }
  const usable = previous !== null && reaches(previous.generation, generations)
  if (snapshot === null && !usable) {
    const from = previous?.generation ?? 0
    if (!reaches(from, generations)) {
      throw lost(layout, `journal.${gap(from, generations)}`, 'is gone')
    }
  }
  const unreadable: string[] = []
  if (newest.kind === 'damaged') unreadable.push('metadata.json')
  if (second.kind === 'damaged') unreadable.push('metadata.previous.json')
  return { snapshot, previous, usablePrevious: usable ? previous : null, journals, unreadable }
}

/** What of the files found the metadata reads. */
export function contentsOf(
  { snapshot, usablePrevious, journals }: FoundLog,
  seal: LogSeal | null,
): LogContents {
  const snapshots = [snapshot, usablePrevious].filter((file): file is LogFile => file !== null)
  return { snapshots, journals, seal }
}

/**
 * What is there now, while it may be written.
 *
 * @param hasSnapshot whether there has to be one
 * @throws as {@link findLog}, and StoreDamaged where a start could do without what is damaged.
 */
export async function peekLog(
  files: Files,
  layout: Layout,
  hasSnapshot: boolean,
): Promise<LogContents> {
  // First: what is written meanwhile is more than it says.
  const seal = await SealFile.read(files, layout)
  const found = await findLog(files, layout)
  const [unreadable] = found.unreadable
  if (unreadable !== undefined) {
    throw new StoreDamaged(unreadable, 'does not begin as a snapshot does')
  }
  if (hasSnapshot && found.snapshot === null) throw new StoreDamaged('metadata.json', 'is gone')
  return contentsOf(found, seal)
}

async function findJournals(files: Files, layout: Layout): Promise<readonly LogFile[]> {
  const generations: number[] = []
  for await (const name of files.list(layout.root)) {
    const generation = journalGeneration(name)
    if (generation !== null) generations.push(generation)
  }
  return generations
    .sort((a, b) => a - b)
    .map((generation) => ({
      name: `journal.${generation}`,
      generation,
      read: () => readFile(files, layout.journal(generation)),
    }))
}

function fileOf(found: FoundSnapshot): LogFile | null {
  return found.kind === 'snapshot' ? found.file : null
}

function problemOf(found: FoundSnapshot): string {
  return found.kind === 'damaged' ? found.problem : 'is gone'
}

/** Whether the journal of `first` is there, and every one after it up to the newest. */
function reaches(first: number, generations: readonly number[]): boolean {
  return gap(first, generations) > Math.max(first, generations.at(-1) ?? first)
}

/** The first generation from `first` on that has no journal. */
function gap(first: number, generations: readonly number[]): number {
  const there = new Set(generations)
  let generation = first
  while (there.has(generation)) generation++
  return generation
}

function lost(layout: Layout, name: string, problem: string): StoreDamaged {
  const lost = `${problem}, and with it names that were acknowledged`
  return new StoreDamaged(`${layout.root}/${name}`, lost)
}
