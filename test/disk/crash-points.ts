import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Files } from '../../adapters/disk/files.ts'
import { type DiskStore, openDiskStore } from '../../adapters/disk/store.ts'
import type { BlobRef, LogFile, UploadSession } from '../../src/kit.ts'
import { newUploadId } from '../../src/kit.ts'
import { readAll, repositoryNamed, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { FaultFiles } from './fault-files.ts'

/** What a client was told is safe. */
interface Acknowledged {
  readonly lines: string[]
  readonly blobs: Map<number, BlobRef>
  /** How many lines a seal stands for. */
  sealed: number
  session: UploadSession | null
}

/** Names as the journal and the snapshots hold them: one line each. */
async function namesIn(store: DiskStore): Promise<string[]> {
  const { snapshots, journals, seal } = await store.log.load()
  const [newest] = snapshots
  const lines: string[] = newest === undefined ? [] : JSON.parse(await textOf(newest)).rows
  const from = newest?.generation ?? 0
  let journalBytes = 0
  for (const journal of journals.filter((each) => each.generation >= from)) {
    const text = await textOf(journal)
    journalBytes = text.lastIndexOf('\n') + 1
    lines.push(...text.slice(0, journalBytes).split('\n').slice(0, -1))
  }
  const generation = journals.at(-1)?.generation ?? 0
  // A seal never says more than there is.
  assert((seal?.generation ?? 0) <= generation)
  if (seal?.generation === generation) assert(seal.bytes <= journalBytes)
  await store.log.adopt({ generation, journalBytes, damaged: [] })
  return lines
}

async function textOf(file: LogFile): Promise<string> {
  let text = ''
  for await (const piece of file.read()) text += Buffer.from(piece).toString('latin1')
  return text
}

async function* snapshotOf(generation: number, lines: readonly string[]) {
  yield new TextEncoder().encode(`{"generation":${generation},"rows":\n`)
  yield new TextEncoder().encode(`${JSON.stringify(lines)}}\n`)
}

/** A life of a store: pushes, a PATCH, changes of names, two compactions, a deletion, the end. */
async function live(
  directory: string,
  files: Files,
  segmentLimit: number,
  done: Acknowledged,
): Promise<void> {
  const store = await openDiskStore({ directory, files, segmentLimit, boot: 'boot' })
  const lines = await namesIn(store)
  const append = async (line: string): Promise<void> => {
    await store.log.append(new TextEncoder().encode(`${line}\n`))
    lines.push(line)
    done.lines.push(line)
  }
  const push = async (number: number): Promise<void> => {
    const staged = await store.blobs.stage(newUploadId(), {})
    await staged.write(sampleBytes(1000, number))
    const blob = await staged.commit(sampleDigest(number))
    await append(`blob ${number}`)
    done.blobs.set(number, blob)
  }
  const compact = async (): Promise<void> => {
    const generation = await store.log.rotate()
    await store.log.replace(generation, snapshotOf(generation, [...lines]))
  }
  const seal = async (): Promise<void> => {
    await store.log.seal()
    done.sealed = lines.length
  }

  await push(1)
  await seal()
  const session: UploadSession = {
    id: newUploadId(),
    repository: repositoryNamed('a/b'),
    principal: null,
    owner: null,
    offset: 0,
    algorithm: 'sha256',
    hexSoFar: null,
    hashState: null,
    stage: null,
    committed: null,
    startedAt: 1,
  }
  await store.uploads.create(session, { total: 9, perOwner: 9 })
  await store.uploads.claim(session.id, 'me', 1e9, 1e9)
  const staged = await store.blobs.stage(session.id, {})
  await staged.write(sampleBytes(100))
  const patched = { ...session, offset: 100, stage: await staged.suspend() }
  await store.uploads.save(patched, 'me')
  done.session = patched
  await compact()
  await push(2)
  await append('tag')
  await seal()
  await compact()
  const gone = done.blobs.get(1)
  done.blobs.delete(1)
  await append('delete 1')
  if (gone !== undefined) await store.blobs.delete(gone)
  await push(2)
  await seal()
  await store.close()
}

/** What the next process finds. */
async function check(directory: string, segmentLimit: number, done: Acknowledged): Promise<void> {
  const store = await openDiskStore({ directory, segmentLimit, boot: 'boot' })
  try {
    const lines = await namesIn(store)
    // At most the one change under way was not acknowledged, and it is there whole or not at all.
    assert.deepEqual(lines.slice(0, done.lines.length), done.lines)
    assert(lines.length >= done.sealed)
    assert(lines.length <= done.lines.length + 1)
    assert.match(lines.join(), /^(|blob 1(,blob 2(,tag(,delete 1(,blob 2)?)?)?)?)$/)
    for (const [number, blob] of done.blobs) {
      const open = await store.blobs.open(blob)
      assert(open !== null, `blob ${number} is gone`)
      assert.deepEqual(await readAll(open.stream()), sampleBytes(1000, number))
    }
    if (done.session !== null) {
      assert.deepEqual(await store.uploads.find(done.session.id, 1e9), done.session)
    }
    const left = await readdir(join(directory, 'uploads'))
    // All sessions are in one file, and so are their bytes while they are small content.
    const ofBytes = segmentLimit < 0 ? store.status().uploads : 0
    assert.equal(left.length, Math.min(store.status().uploads, 1) + ofBytes)
    await store.log.append(new TextEncoder().encode('goes on\n'))
  } finally {
    await store.close()
  }
}

/** Which deaths {@link crashAtEvery} looks at. */
export interface CrashPoints {
  /** As `openDiskStore` has it. */
  readonly segmentLimit: number
  /** Whether a write that the process does not outlive is there in part. */
  readonly tornWrites?: boolean
  /** One of so many calls is died at. Default: each. */
  readonly step?: number
  /** The store's own view of the files, where that is not all of it. */
  readonly through?: (files: Files) => Files
}

/** How many deaths were looked at, and what was wrong after some. */
export interface CrashReport {
  points: number
  readonly violations: string[]
}

/** Deaths at once: most of a death is waiting for the disk. */
const atOnce = 8

/** Has a process die before each of its calls of the file system, and the next one look at what it left. */
export async function crashAtEvery(options: CrashPoints): Promise<CrashReport> {
  const report: CrashReport = { points: 0, violations: [] }
  const { step = 1 } = options
  let crashAt = 1
  for (let lived = false; !lived; ) {
    const calls = Array.from({ length: atOnce }, (_, index) => crashAt + index * step)
    crashAt += atOnce * step
    const lives = await Promise.all(calls.map((call) => dieAt(call, options, report)))
    lived = lives.includes(true)
  }
  return report
}

/** Lives until the given call, dies, and is looked at; true when it lived to the end. */
async function dieAt(crashAt: number, options: CrashPoints, report: CrashReport): Promise<boolean> {
  const { segmentLimit, tornWrites = false, through = (all) => all } = options
  const directory = await mkdtemp(join(tmpdir(), 'layerdock-crash-'))
  const files = new FaultFiles(directory)
  files.crashAt = crashAt
  if (tornWrites) files.judge = ({ path }) => (path === 'reserve' ? null : 300)
  const done: Acknowledged = { lines: [], blobs: new Map(), sealed: 0, session: null }
  try {
    const lived = await live(directory, through(files), segmentLimit, done).then(
      () => true,
      () => false,
    )
    await files.bury()
    if (!lived) report.points += 1
    const place = `died before call ${crashAt}: ${files.lines.at(-1)}`
    await check(directory, segmentLimit, done).catch((error: Error) => {
      report.violations.push(`${place}: ${error.message}`)
    })
    return lived
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
