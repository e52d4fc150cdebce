import { StoreDamaged } from '../oci/store-damaged.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { LogChoice, LogContents, LogFile, LogSeal } from '../ports/metadata-log.ts'
import { EffectDecoder, type FormatOneDefaults } from './effect-decoder.ts'
import { type JournalReading, readJournal } from './journal.ts'
import { readSnapshot, type SnapshotReading } from './snapshot-reader.ts'
import { State } from './state.ts'

/** Where a store goes on after it was read. */
export interface Recovered {
  readonly state: State
  readonly choice: LogChoice
  /** Sequence of the last frame. */
  readonly sequence: number
  /** Whether the newest journal ends with a seal. */
  readonly sealed: boolean
  /** Size of the snapshot the state was read from; 0 with none. In bytes. */
  readonly snapshotBytes: number
  /** Size of the journals that were replayed over it, in bytes. */
  readonly journalBytes: number
  /** Whether it was of format 1, at least in part. */
  readonly wasFormatOne: boolean
  /** What was wrong and could be done without, file by file. */
  readonly notes: ReadonlyArray<{ readonly file: string; readonly detail: string }>
}

/** The snapshot journals are replayed over. */
interface Base extends SnapshotReading {
  readonly file: LogFile
}

/** What is read from, and how. */
interface Reading {
  readonly contents: LogContents
  readonly decoder: EffectDecoder
  readonly damaged: StoreDamaged[]
}

/** The generation of a store's first journal. */
const firstGeneration = 0

/**
 * Reads what a log found: the newest snapshot that is whole and every journal from its generation
 * on. An older snapshot, or none, will do if the journals say all that happened since.
 *
 * @param defaults what stands in for what format 1 does not say
 * @throws StoreDamaged when something acknowledged would be forgotten.
 */
export async function recover(
  contents: LogContents,
  defaults: FormatOneDefaults,
): Promise<Recovered> {
  const damaged: StoreDamaged[] = []
  try {
    for (const file of contents.snapshots) {
      const reading = { contents, damaged, decoder: new EffectDecoder(defaults) }
      const state = new State()
      const base = await readOrNote(file, state, reading)
      if (base !== null) return await replay(state, { ...base, file }, reading)
    }
    const reading = { contents, damaged, decoder: new EffectDecoder(defaults) }
    return await replay(new State(), null, reading)
  } catch (error) {
    throw error instanceof StoreDamaged ? withSnapshots(damaged, error) : error
  }
}

/**
 * Why journals alone were not enough: the damaged snapshots come first, because a journal that cannot
 * stand for them may well be whole.
 */
function withSnapshots(damaged: readonly StoreDamaged[], error: StoreDamaged): StoreDamaged {
  const [first, ...others] = damaged
  if (first === undefined) return error
  const rest = damaged.includes(error) ? others : [...others, error]
  return new StoreDamaged(first.file, [first.problem, ...rest.map((e) => e.message)].join('; '))
}

/** Reads a snapshot; null when it is damaged, which is noted. */
async function readOrNote(
  file: LogFile,
  state: State,
  { decoder, damaged }: Reading,
): Promise<SnapshotReading | null> {
  try {
    return await readSnapshot(file, decoder, (effect) => state.apply(effect, null))
  } catch (error) {
    if (!(error instanceof StoreDamaged)) throw error
    damaged.push(error)
    return null
  }
}

async function replay(
  state: State,
  base: Base | null,
  { contents, decoder, damaged }: Reading,
): Promise<Recovered> {
  const journals = contents.journals.filter((file) => file.generation >= (base?.generation ?? 0))
  requireJournals(journals, base, contents, damaged)

  let sequence = base?.sequence ?? 0
  let journalBytes = 0
  let last: JournalReading | null = null
  for (const file of journals) {
    last = await readJournal(file, sequence, decoder, (effect) => state.apply(effect, null))
    if (file !== journals.at(-1)) requireWhole(file, last)
    requireSealed(file, last, contents.seal)
    sequence = last.sequence
    journalBytes += last.wholeBytes
  }

  const newest = journals.at(-1)
  const file = newest?.name ?? 'the journal'
  if (base !== null && base.through > sequence) {
    const found = `ends with frame ${sequence}, and the snapshot has names of frame ${base.through}`
    throw new StoreDamaged(file, found)
  }
  const problem = state.problem()
  if (problem !== null) throw new StoreDamaged(file, problem)

  state.endReading()

  const notes = damaged.map((error) => ({
    file: error.file,
    detail: `damaged (${error.message}); the journals had all that it said`,
  }))
  if (newest !== undefined && last !== null && last.tornBytes > 0) {
    const detail = `the last ${last.tornBytes} bytes were cut off in writing`
    notes.push({ file: newest.name, detail })
  }
  return {
    state,
    choice: {
      generation: newest?.generation ?? firstGeneration,
      journalBytes: last?.wholeBytes ?? 0,
      damaged: damaged.map((error) => error.file),
      named: () => namedBytes(state),
      isFormatOne: decoder.sawFormatOne,
    },
    sequence,
    sealed: last?.sealed ?? false,
    snapshotBytes: base?.bytes ?? 0,
    journalBytes,
    wasFormatOne: decoder.sawFormatOne,
    notes,
  }
}

/** What names stand for, but for bytes that are known to be missing. */
function* namedBytes(state: State): Generator<BlobRef> {
  for (const holding of state.holdings.values()) {
    if (holding.readable !== null) yield holding.readable
  }
}

/** Every journal from the base's on has to be there, one after the other. */
function requireJournals(
  journals: readonly LogFile[],
  base: Base | null,
  { snapshots, seal }: LogContents,
  damaged: readonly StoreDamaged[],
): void {
  const [problem] = damaged
  const first = journals[0]
  const newest = journals.at(-1)
  if (base !== null && first?.generation !== base.generation) {
    if (problem !== undefined) throw problem
    throw new StoreDamaged(base.file.name, `its journal, ${base.generation}, is missing`)
  }
  for (const [index, file] of journals.entries()) {
    if (file.generation === (first?.generation ?? 0) + index) continue
    throw new StoreDamaged(file.name, 'the journal before it is missing')
  }
  if (seal !== null && seal.generation > (newest?.generation ?? -1)) {
    throw new StoreDamaged(`journal.${seal.generation}`, 'is gone, though it had begun')
  }
  // A snapshot begins where a journal ends. Without the snapshot that journal has to be there, and
  // one after it; that they follow each other is then seen from their frames.
  if (problem === undefined) return
  const lost = snapshots[0]?.generation ?? 0
  if (journals.length < 2 || newest === undefined || newest.generation < lost) throw problem
}

/** A journal that another follows ends with a seal, or its end was lost. */
export function requireWhole(file: LogFile, reading: JournalReading): void {
  if (reading.tornBytes > 0) {
    const found = `the frame at byte ${reading.wholeBytes} is damaged, and a journal follows`
    throw new StoreDamaged(file.name, found)
  }
  if (!reading.sealed) throw new StoreDamaged(file.name, 'its last frames are missing')
}

/** What was sealed once has to be there whole. */
export function requireSealed(file: LogFile, reading: JournalReading, seal: LogSeal | null): void {
  if (seal?.generation !== file.generation || seal.bytes <= reading.wholeBytes) return
  const found = `only ${reading.wholeBytes} of the ${seal.bytes} bytes that were acknowledged are whole`
  throw new StoreDamaged(file.name, `its end was cut off or damaged: ${found}`)
}
