import { resolve } from 'node:path'
import { StoreDamaged, verifyStores } from '../../src/kit.ts'
import { writeBackupArchive } from '../backup/backup-archive.ts'
import { expectBackup, UnfitBackup } from '../backup/backup-fit.ts'
import { BackupFolder } from '../backup/backup-folder.ts'
import { type Generation, type GenerationFacts, generationsIn } from '../backup/generation.ts'
import { type CopiedMoment, type MomentOptions, NoOneMoment } from '../backup/make-backup.ts'
import { makeGeneration } from '../backup/make-generation.ts'
import type { Reading } from '../backup/open-generation.ts'
import { StoreInUse } from '../disk/lock.ts'
import { defaultHash } from '../disk/threaded-hash.ts'
import { archivePipe } from '../folders/archive-sinks.ts'
import { TarProblem } from '../folders/tar-header.ts'
import { type OpenSource, openSource } from './backup/open-source.ts'
import { type BackupResult, jsonOf, listText, resultText } from './backup/result-text.ts'
import { type BackupWish, backupFlags, backupWish } from './backup/wish.ts'
import { sizeText } from './copy/amounts.ts'
import { archiveLeaves, endedBySignals, explained, type Leaves, patienceOf } from './copy/ending.ts'
import type { OpenTools } from './copy/open-place.ts'
import { problemText } from './copy/result-text.ts'
import { openStatusLine, type StatusLine } from './copy/status-line.ts'
import { CliError, exitCodes } from './exit.ts'
import { explainStorage } from './explain.ts'
import { plain } from './plain-text.ts'
import { problemText as wrongText } from './verify/verify-text.ts'
import { parseWords, type WordsShape } from './words.ts'

/** What a backup works with. */
interface Tools {
  readonly status: StatusLine
  readonly signal: AbortSignal
  readonly open: OpenTools
}

/** What `layerdock backup` takes. */
export const backupShape: WordsShape = {
  command: 'layerdock backup',
  words: ['DIR'],
  flags: backupFlags,
}

/**
 * Makes a backup of a registry, also of one that is served, or lists those of a folder.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and for places that cannot be opened.
 */
export async function backupCommand(line: readonly string[]): Promise<number> {
  const parsed = await parseWords(line, backupShape)
  if (parsed.switches.has('help')) {
    process.stdout.write((await import('./backup/help.ts')).backupHelp)
    return exitCodes.ok
  }
  const wish = await backupWish(parsed)
  const leaves = wish.to === '-' ? archiveLeaves.pipe : undefined
  const { signal, stop, aborted } = endedBySignals(leaves)
  const status = openStatusLine()
  const open = { patience: patienceOf(status, stop), onNotice: () => {} }
  try {
    if (wish.list) return await list(wish)
    const tools = { status, signal, open }
    return await (wish.to === '-' ? toArchive(wish, tools) : toFolder(wish, tools))
  } catch (error) {
    status.end()
    throw aborted() ?? explainedBackup(error, wish.to, leaves)
  }
}

async function list({ to, json }: BackupWish): Promise<number> {
  const path = resolve(to)
  await expectBackup(path)
  const generations = await generationsIn(path)
  process.stdout.write(
    json ? `${JSON.stringify({ backup: to, generations }, null, 2)}\n` : listText(generations),
  )
  return exitCodes.ok
}

async function toFolder(wish: BackupWish, tools: Tools): Promise<number> {
  const began = performance.now()
  const source = await openSource(wish.from, tools.open)
  const folder = await BackupFolder.open(wish.to, 'write')
  try {
    const { copied, made } = await makeGeneration(
      folder,
      source,
      optionsOf(wish, tools),
      (copied, reading) => factsOf(source, copied, reading),
    )
    const verified = wish.verify ? await verify(folder, made, tools) : null
    const dropped: string[] = []
    let swept = { keys: 0, bytes: 0 }
    const generations = await folder.generations()
    const extra = wish.keep === null ? [] : generations.slice(0, -wish.keep)
    for (const { name } of extra) {
      await folder.drop(name)
      dropped.push(name)
    }
    if (dropped.length > 0) swept = await folder.sweep(tools.signal)
    tools.status.end()
    const facts = made.facts as GenerationFacts
    const ms = performance.now() - began
    const kept = generations.length - dropped.length
    const result = { to: wish.to, name: made.name, facts, ms, kept, dropped, swept, verified }
    tell(wish, tools.status, copied, result, process.stdout)
    return copied.problems.length === 0 && (verified?.problems ?? 0) === 0
      ? exitCodes.ok
      : exitCodes.problem
  } finally {
    await folder.close()
    await source.close()
  }
}

async function toArchive(wish: BackupWish, tools: Tools): Promise<number> {
  if (process.stdout.isTTY) {
    throw new CliError(exitCodes.usage, ['-: an archive does not go to a terminal'])
  }
  const began = performance.now()
  const source = await openSource(wish.from, tools.open)
  try {
    let all: CopiedMoment | null = null
    const facts = await writeBackupArchive(
      source,
      archivePipe(process.stdout),
      optionsOf(wish, tools),
      (copied, reading) => {
        all = copied
        return factsOf(source, copied, reading)
      },
    )
    tools.status.end()
    const none = { name: null, kept: 1, dropped: [], swept: { keys: 0, bytes: 0 }, verified: null }
    const ms = performance.now() - began
    const copied = all as unknown as CopiedMoment
    tell(wish, tools.status, copied, { to: 'standard output', facts, ms, ...none }, process.stderr)
    return copied.problems.length === 0 ? exitCodes.ok : exitCodes.problem
  } finally {
    await source.close()
  }
}

/** Problems that are printed. */
const mostPrinted = 20

function tell(
  { json }: BackupWish,
  status: StatusLine,
  { problems }: CopiedMoment,
  result: BackupResult,
  out: NodeJS.WriteStream,
): void {
  for (const problem of problems.slice(0, mostPrinted)) status.say(problemText(problem))
  if (problems.length > mostPrinted) {
    status.say(`there are ${problems.length - mostPrinted} more such problems`)
  }
  out.write(json ? jsonOf(result, problems) : resultText(result))
}

async function verify(folder: BackupFolder, made: Generation, { status, signal }: Tools) {
  const found: string[] = []
  const stores = await folder.inspect(made.name)
  try {
    return await verifyStores(stores, {
      hash: defaultHash(),
      signal,
      onProgress: ({ bytes }) => status.show(`verifying, ${sizeText(bytes)} so far`),
      onProblem: (problem) => {
        const text = `${wrongText({ ...problem, marked: false })}; the next backup copies it again`
        found.push(text)
        status.say(text)
      },
    })
  } finally {
    await stores.close()
    await folder.noteDamage(made, found.length, found.slice(0, 100))
  }
}

function optionsOf({ rate, concurrency }: BackupWish, { status, signal }: Tools): MomentOptions {
  return {
    concurrency,
    signal,
    hash: defaultHash(),
    ...(rate === null ? {} : { bytesPerSecond: rate }),
    onProgress: (pass, { bytes, looked }) => {
      const again = pass === 1 ? '' : `, pass ${pass}`
      const names = looked.blob + looked.manifest
      status.show(`backing up${again}: ${sizeText(bytes)} copied, ${names} names looked at`)
    },
  }
}

function factsOf(source: OpenSource, copied: CopiedMoment, reading: Reading): GenerationFacts {
  const { problems, copiedBytes } = copied
  const some = problems.slice(0, 100).map(problemText)
  return {
    format: 1,
    at: source.openedAt().toISOString(),
    source: source.name,
    whole: problems.length === 0,
    lacking: { count: problems.length, some },
    ...reading,
    copiedBytes,
  }
}

/** An error of a backup, with what to do. */
export function explainedBackup(error: unknown, directory: string, leaves?: Leaves): unknown {
  const problem = (text: string): CliError => new CliError(exitCodes.problem, [plain(text, 1000)])
  if (error instanceof UnfitBackup || error instanceof NoOneMoment) return problem(error.message)
  if (error instanceof TarProblem) return problem(`${directory}: ${error.message}`)
  if (error instanceof StoreInUse) {
    return problem(`${error.message}: another backup or restore is under way. Wait for it`)
  }
  if (error instanceof StoreDamaged) {
    return problem(
      `${error.message}. Choose another generation with --generation; layerdock backup ${directory} --list shows which there are`,
    )
  }
  const known = explained(error, leaves)
  if (known !== error) return known
  const text = explainStorage(error, directory)
  // The folder of the backup is no folder of a registry.
  return text === null ? error : problem(text.replaceAll(' with --storage-dir', ''))
}
