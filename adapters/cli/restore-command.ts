import { mkdtemp, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type CopyReport, compareStores, copyStores } from '../../src/kit.ts'
import { UnfitBackup } from '../backup/backup-fit.ts'
import { BackupFolder } from '../backup/backup-folder.ts'
import type { Generation } from '../backup/generation.ts'
import type { OpenGeneration } from '../backup/open-generation.ts'
import { RestoredFolder } from '../backup/restore-folder.ts'
import { unpackArchive } from '../backup/unpack-archive.ts'
import { defaultHash } from '../disk/threaded-hash.ts'
import { type RestoreWish, restoreFlags, restoreWish } from './backup/restore-wish.ts'
import { explainedBackup } from './backup-command.ts'
import { endedBySignals, patienceOf } from './copy/ending.ts'
import { type OpenPlace, type OpenTools, openPlace } from './copy/open-place.ts'
import { ProgressText } from './copy/progress-text.ts'
import { type CopyResult, jsonOf, resultText } from './copy/result-text.ts'
import { openStatusLine, type StatusLine } from './copy/status-line.ts'
import { ToldProblems } from './copy/told-problems.ts'
import { CliError, exitCodes } from './exit.ts'
import { parseWords, type WordsShape } from './words.ts'

/** What `layerdock restore` takes. */
export const restoreShape: WordsShape = {
  command: 'layerdock restore',
  words: ['FROM', 'DIR?'],
  flags: restoreFlags,
}

/**
 * Makes a registry of a backup.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and for places that cannot be opened or are not empty.
 */
export async function restoreCommand(line: readonly string[]): Promise<number> {
  const parsed = await parseWords(line, restoreShape)
  if (parsed.switches.has('help')) {
    process.stdout.write((await import('./backup/help.ts')).restoreHelp)
    return exitCodes.ok
  }
  const wish = await restoreWish(parsed)
  const { signal, stop, aborted } = endedBySignals()
  const status = openStatusLine()
  const tools = { patience: patienceOf(status, stop), onNotice: () => {} }
  try {
    const { backup, close } = await openBackup(wish, status, signal)
    try {
      const chosen = await choose(backup, wish)
      const source = await backup.read(chosen.name)
      try {
        const from = `${nameOf(wish)}, generation ${chosen.name}`
        const deps = { wish, source, from, chosen, status, signal, tools }
        return await (wish.isFolder ? toFolder(deps) : toPlace(deps))
      } finally {
        await source.close()
      }
    } finally {
      await close()
    }
  } catch (error) {
    status.end()
    throw aborted() ?? explainedBackup(error, nameOf(wish))
  }
}

interface OpenBackup {
  readonly backup: BackupFolder
  close(): Promise<void>
}

/** Opens the folder of backups; an archive is unpacked first, beside the store that is made of it. */
async function openBackup(
  wish: RestoreWish,
  status: StatusLine,
  signal: AbortSignal,
): Promise<OpenBackup> {
  if (wish.from !== '-') {
    const backup = await BackupFolder.open(wish.from, 'read')
    return { backup, close: () => backup.close() }
  }
  const folder = wish.isFolder
    ? (await RestoredFolder.begin(wish.to.directory ?? '')).archive
    : await mkdtemp(join(tmpdir(), 'layerdock-restore-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    status.show('unpacking the archive')
    await unpackArchive(process.stdin, folder, signal)
    const backup = await BackupFolder.open(folder, 'read')
    return { backup, close: () => backup.close().finally(remove) }
  } catch (error) {
    await remove()
    // Nothing was begun where it is the only thing there.
    if (wish.isFolder) await rmdir(dirname(folder)).catch(() => {})
    throw error
  }
}

/** What is restored, for people. */
function nameOf({ from }: RestoreWish): string {
  return from === '-' ? 'standard input' : from
}

/** What a restore works with. */
interface RestoreDeps {
  readonly wish: RestoreWish
  readonly source: OpenGeneration
  /** The source, for people. */
  readonly from: string
  readonly chosen: Generation
  readonly status: StatusLine
  readonly signal: AbortSignal
  readonly tools: OpenTools
}

async function choose(backup: BackupFolder, wish: RestoreWish): Promise<Generation> {
  const { generation } = wish
  const from = nameOf(wish)
  const generations = await backup.generations()
  const newest = generations.at(-1)
  if (newest === undefined) throw new UnfitBackup(`${from}: no backup was made to its end`)
  if (generation === null) return newest
  const chosen = generations.find(({ name }) => name === generation)
  if (chosen !== undefined) return chosen
  throw new UnfitBackup(`${from}: has no generation ${generation}; layerdock backup ${from} --list`)
}

async function toFolder(deps: RestoreDeps): Promise<number> {
  const { wish, tools } = deps
  const folder = await RestoredFolder.begin(wish.to.directory ?? '')
  if (!(await folder.isWhole())) {
    const place = { ...wish.to, directory: folder.store }
    const target = await openPlace(place, 'write', tools)
    let code: number
    try {
      code = await restore(deps, target, [folder.path], true)
    } finally {
      await target.close()
    }
    if (code !== exitCodes.ok && !wish.acceptsLoss) return code
  }
  await folder.finish()
  return exitCodes.ok
}

async function toPlace(deps: RestoreDeps): Promise<number> {
  const { wish, tools, status } = deps
  const target = await openPlace(wish.to, 'write', { ...tools, restores: true })
  const { halfRestored, parts, stores } = target
  try {
    const goesOn = (await halfRestored?.isUnderWay()) ?? false
    const { items } = await stores.metadata.listRepositories({ limit: 1 })
    if (items.length > 0 && !wish.resume && !goesOn) {
      throw new CliError(exitCodes.problem, [
        `${parts.join(' and ')}: has repositories, such as ${items[0]}; restore to an empty one. --resume goes on with a restore that an older version left`,
      ])
    }
    await halfRestored?.begin()
    // What is in it is of a restore alone, or else it has what must not be removed.
    const isOurs = goesOn || items.length === 0
    const code = await restore(deps, target, parts, isOurs)
    if (code === exitCodes.ok || wish.acceptsLoss) await halfRestored?.end()
    else status.say('no server opens it before all of it is there, or --accept-loss is given')
    return code
  } finally {
    await target.close()
  }
}

/** @param mirror whether what the generation does not have goes: an interrupted restore may have been of another */
async function restore(
  { wish, source, from, chosen, status, signal }: RestoreDeps,
  target: OpenPlace,
  parts: readonly string[],
  mirror: boolean,
): Promise<number> {
  const { json, rate, concurrency } = wish
  status.show('comparing')
  const plan = await compareStores(source, target.stores, { concurrency, signal })
  const progress = new ProgressText(plan)
  const problems = new ToldProblems(status)
  const report: CopyReport = await copyStores(source, target.stores, {
    concurrency,
    signal,
    hash: defaultHash(),
    mirror,
    ...(rate === null ? {} : { bytesPerSecond: rate }),
    onProblem: problems.tell,
    onProgress: (now) => status.show(progress.of(now)),
  })
  status.end()
  const names = { from, to: parts.join(' and ') }
  const copyMs = progress.elapsedMs
  const { found } = problems
  const common = {
    ...names,
    mirror,
    report,
    verified: null,
    copyMs,
    problems: problems.listed,
    found,
  }
  const result: CopyResult = common
  process.stdout.write(json ? jsonOf(result) : resultText(result))
  const { facts } = chosen
  if (facts !== null && !facts.whole && !json) {
    status.say(
      `the backup was not whole: the registry lacked ${facts.lacking.count} blobs or manifests when it was made`,
    )
  }
  if (report.complete && found === 0) return exitCodes.ok
  if (wish.isFolder && !wish.acceptsLoss) {
    status.say(
      'nothing is put in place, since bytes of the backup are missing or damaged. Another generation may be whole; --accept-loss restores what is there',
    )
  }
  return exitCodes.problem
}
