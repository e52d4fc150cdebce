import { open, readdir, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { absent } from './absent.ts'

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const schema = v.object({
  format: v.literal(1),
  at: v.pipe(v.string(), v.isoTimestamp()),
  source: v.string(),
  whole: v.boolean(),
  lacking: v.object({ count: wholeNumber, some: v.array(v.string()) }),
  repositories: wholeNumber,
  digests: wholeNumber,
  bytes: wholeNumber,
  copiedBytes: wholeNumber,
})

/** What a generation of a backup says of itself, in `generation.json`. */
export interface GenerationFacts {
  readonly format: 1
  /** The moment that it has the names of, or shortly after. */
  readonly at: string
  /** What was backed up, for people. */
  readonly source: string
  /** Whether it has all that the source had. False where bytes were missing or damaged there. */
  readonly whole: boolean
  /** What it lacks of that: how much, and the first of them, for people. */
  readonly lacking: { readonly count: number; readonly some: readonly string[] }
  readonly repositories: number
  /** Blobs and manifests, each digest once. */
  readonly digests: number
  /** Of those together, in bytes. */
  readonly bytes: number
  /** What was copied for it: the rest was there. In bytes. */
  readonly copiedBytes: number
}

/** A generation that is whole on the disk. */
export interface Generation {
  readonly name: string
  /** In milliseconds since the epoch. */
  readonly at: number
  /** Null where they are damaged. */
  readonly facts: GenerationFacts | null
}

/** The name of the generation of a moment, in the order of time: `2026-11-27T18-05-00.123Z`. */
export function generationName(at: number): string {
  return new Date(at).toISOString().replaceAll(':', '-')
}

/** The moment of a generation's name, in milliseconds since the epoch; null for other names. */
export function momentOf(name: string): number | null {
  const [, day, hour, minute, second] =
    /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2}\.\d{3})Z$/.exec(name) ?? []
  if (day === undefined) return null
  const at = Date.parse(`${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(at) ? null : at
}

/** Reads what a generation says of itself; null where that is damaged. */
export async function readFacts(folder: string): Promise<GenerationFacts | null> {
  try {
    const text = await readFile(join(folder, 'generation.json'), 'utf8')
    const parsed = v.safeParse(schema, JSON.parse(text))
    return parsed.success ? parsed.output : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** The text of `generation.json`. */
export function factsText(facts: GenerationFacts): string {
  return `${JSON.stringify(facts, null, 2)}\n`
}

/** Writes a file that is there whole or not at all, also after power loss. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  await syncFolder(dirname(path))
}

/** Makes the names in a folder outlive power loss. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Generations of a backup in a folder, the oldest first; also while another is made. */
export async function generationsIn(path: string): Promise<readonly Generation[]> {
  const folder = join(path, 'generations')
  const names = await readdir(folder).catch(absent)
  const generations: Generation[] = []
  for (const name of names.sort()) {
    const at = momentOf(name)
    if (at !== null) generations.push({ name, at, facts: await readFacts(join(folder, name)) })
  }
  return generations
}
