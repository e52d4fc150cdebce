import { tmpdir } from 'node:os'
import { parseRepositoryName, parseTag } from '../../src/index.ts'
import {
  ContentFault,
  httpTarget,
  type LayoutName,
  LayoutWithoutName,
  storesTarget,
} from '../../src/kit.ts'
import { defaultHash } from '../disk/threaded-hash.ts'
import { type OpenContent, openContent, openPipe, UnknownContent } from '../folders/open-content.ts'
import { TarProblem } from '../folders/tar-header.ts'
import { endedBySignals, explained, patienceOf } from './copy/ending.ts'
import { openPlace } from './copy/open-place.ts'
import { placeFlags, placeOf } from './copy/place.ts'
import { openStatusLine } from './copy/status-line.ts'
import { CliError, exitCodes } from './exit.ts'
import { openEnd } from './interchange/ends.ts'
import { registryFlags, registryUrlOf } from './interchange/registry-url.ts'
import { runTransfer } from './interchange/run-transfer.ts'
import { transferFlags, transferWish } from './interchange/transfer-flags.ts'
import { plain } from './plain-text.ts'
import { parseWords, type WordsShape } from './words.ts'

/** What `layerdock import` takes. */
export const importShape: WordsShape = {
  command: 'layerdock import',
  words: ['FROM'],
  flags: {
    ...placeFlags('here'),
    to: 'URL',
    ...registryFlags('to'),
    ...transferFlags,
    as: 'NAME[:TAG]',
    'move-tags': null,
  },
}

/**
 * Brings the content of an image layout, or of another registry's folder, into a store.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and for places that cannot be opened.
 */
export async function importCommand(line: readonly string[]): Promise<number> {
  const parsed = await parseWords(line, importShape)
  if (parsed.switches.has('help')) {
    process.stdout.write((await import('./interchange/help.ts')).importHelp)
    return exitCodes.ok
  }
  const problems: string[] = []
  const [from = ''] = parsed.words
  const to = registryUrlOf(parsed, 'to', problems)
  if (to === null && parsed.values.has('to')) {
    problems.push('--to: is the URL of a registry; --storage-dir is for a folder')
  }
  const place = await placeOf(parsed, 'here', problems)
  const wish = await transferWish(parsed, problems, to !== null)
  const as = nameOf(parsed.values.get('as')?.at(-1), problems)
  if (problems.length > 0) throw new CliError(exitCodes.usage, problems)
  const { signal, stop, giveWay, aborted } = endedBySignals()
  const status = openStatusLine()
  const hash = defaultHash()
  try {
    // The source first: a target is not made for nothing.
    const content = await opened(from, as)
    try {
      const gives = { command: 'import', way: giveWay }
      const tools = { patience: patienceOf(status, stop), onNotice: () => {}, gives }
      const target = await openEnd(to, signal, () => openPlace(place, 'write', tools))
      try {
        return await runTransfer({
          source: content.source,
          target:
            target.kind === 'registry'
              ? httpTarget(target.client, hash)
              : storesTarget(target.stores),
          names: {
            from: `${from === '-' ? 'standard input' : plain(from, 200)} (${content.form})`,
            to: target.name,
          },
          wish,
          movesTags: parsed.switches.has('move-tags'),
          hash,
          status,
          signal,
        })
      } finally {
        await target.close()
      }
    } finally {
      await content.close()
    }
  } catch (error) {
    status.end()
    throw aborted() ?? explained(error)
  }
}

function nameOf(text: string | undefined, problems: string[]): LayoutName | null {
  if (text === undefined) return null
  const [name = '', label, ...more] = text.split(':')
  const repository = parseRepositoryName(name)
  const tag = label === undefined ? null : parseTag(label)
  const isWrong = more.length > 0 || (label !== undefined && tag === null)
  if (repository !== null && !isWrong) return { repository, tag }
  problems.push(`--as ${plain(text, 300)}: is not the name of a repository, or one with a tag`)
  return null
}

async function opened(from: string, as: LayoutName | null): Promise<OpenContent> {
  const problem = (text: string): CliError => new CliError(exitCodes.problem, [text])
  const shown = from === '-' ? 'standard input' : plain(from, 200)
  try {
    return from === '-' ? await openPipe(process.stdin, tmpdir(), as) : await openContent(from, as)
  } catch (error) {
    if (error instanceof LayoutWithoutName) {
      throw problem(`${shown}: ${error.message}. Say where it goes: --as team/app`)
    }
    if (error instanceof UnknownContent) throw problem(plain(error.message, 400))
    if (error instanceof TarProblem || error instanceof ContentFault) {
      throw problem(`${shown}: ${plain(error.message, 400)}`)
    }
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw problem(`${shown}: is not there`)
    if (code === 'EACCES') throw problem(`${shown}: may not be read`)
    throw error
  }
}
