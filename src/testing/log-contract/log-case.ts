import type { Chunks, LogChoice, LogContents, LogFile, LogSeal, MetadataLog } from '../../kit.ts'
import { type ContractCase, holds } from '../contract.ts'
import { joined } from '../samples.ts'

/** Where a log is kept, so that what one left behind can be opened by the next. */
export interface LogPlace {
  /** Opens the log that is kept here; the one before is closed by then. */
  open(): MetadataLog | Promise<MetadataLog>
}

/** Makes a place in which nothing was ever kept. */
export type MetadataLogMaker = () => LogPlace | Promise<LogPlace>

/** A case of the metadata log's contract. */
export type MetadataLogCase = ContractCase<MetadataLogMaker>

/** A log that was opened and has its choice, with what it had found. */
export interface OpenedLog {
  readonly log: MetadataLog
  readonly found: FoundFiles
}

/** {@link LogContents}, read to the end. */
export interface FoundFiles {
  /** Newest first. */
  readonly snapshots: readonly FoundFile[]
  /** Oldest first; what has no bytes may be there or not, so it is left out. */
  readonly journals: readonly FoundFile[]
  readonly seal: LogSeal | null
}

/** One file of them. */
export interface FoundFile {
  readonly name: string
  readonly generation: number
  readonly text: string
}

/** A case in which logs are opened, one after the other; the last is closed at its end. */
export function logCase(
  name: string,
  body: (
    /** Closes the log before, opens the next, and adopts all it finds, but for what is said. */
    reopen: (choice?: Partial<LogChoice>) => Promise<OpenedLog>,
  ) => Promise<void>,
): MetadataLogCase {
  return {
    name,
    needs: [],
    async run(make) {
      const place = await make()
      let log: MetadataLog | null = null
      try {
        await body(async (choice = {}) => {
          await log?.close()
          log = await place.open()
          const contents = await log.load()
          const found = await readContents(contents)
          await log.adopt({ ...everything(contents, found), ...choice })
          return { log, found }
        })
      } finally {
        await (log as MetadataLog | null)?.close()
      }
    },
  }
}

/** The bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** A snapshot as the log may expect it: its first line says its generation. */
export function snapshotText(generation: number, rest = 'rows\n'): string {
  return `{"format":"a contract's","generation":${generation},"entries":[\n${rest}`
}

/** Text in pieces of `size` characters. */
export async function* chunksOf(text: string, size = 7): Chunks & AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += size) yield bytesOf(text.slice(at, at + size))
}

/** Begins the next generation, writes its snapshot, and returns its number. */
export async function compact(log: MetadataLog, rest?: string): Promise<number> {
  const generation = await log.rotate()
  await log.replace(generation, chunksOf(snapshotText(generation, rest)))
  return generation
}

/** What a list of files says. */
export function textsOf(files: readonly FoundFile[]): readonly string[] {
  return files.map(({ text }) => text)
}

async function readContents({ snapshots, journals, seal }: LogContents): Promise<FoundFiles> {
  const all = await Promise.all(journals.map(readFile))
  return {
    snapshots: await Promise.all(snapshots.map(readFile)),
    journals: all.filter(({ text }) => text !== ''),
    seal,
  }
}

async function readFile(file: LogFile): Promise<FoundFile> {
  const { name, generation } = file
  const text = await textOf(file)
  holds((await textOf(file)) === text, `${name} reads the same twice`)
  return { name, generation, text }
}

async function textOf(file: LogFile): Promise<string> {
  const copies: Uint8Array[] = []
  // Copied, since a log may read on into the same buffer.
  for await (const chunk of file.read()) copies.push(chunk.slice())
  return new TextDecoder().decode(joined(copies))
}

function everything(contents: LogContents, { journals }: FoundFiles): LogChoice {
  const generation = contents.journals.at(-1)?.generation ?? contents.snapshots[0]?.generation ?? 0
  const newest = journals.find((file) => file.generation === generation)
  return { generation, journalBytes: bytesOf(newest?.text ?? '').byteLength, damaged: [] }
}
