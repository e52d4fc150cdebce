import { stat } from 'node:fs/promises'
import { httpSource, type LayoutWriter, layoutTarget, storesSource } from '../../src/kit.ts'
import { defaultHash } from '../disk/threaded-hash.ts'
import { archiveFile, archivePipe } from '../folders/archive-sinks.ts'
import { layoutArchiveWriter } from '../folders/layout-archive-writer.ts'
import { layoutFolderWriter, UnfitLayout } from '../folders/layout-folder-writer.ts'
import { countText } from './copy/amounts.ts'
import { archiveLeaves, endedBySignals, explained, patienceOf } from './copy/ending.ts'
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

/** What `layerdock export` takes. */
export const exportShape: WordsShape = {
  command: 'layerdock export',
  words: ['TO'],
  flags: {
    ...placeFlags('here'),
    from: 'URL',
    ...registryFlags('from'),
    ...transferFlags,
    tar: null,
  },
}

/**
 * Writes what a registry has as an image layout.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and for places that cannot be opened.
 */
export async function exportCommand(line: readonly string[]): Promise<number> {
  const parsed = await parseWords(line, exportShape)
  if (parsed.switches.has('help')) {
    process.stdout.write((await import('./interchange/help.ts')).exportHelp)
    return exitCodes.ok
  }
  const problems: string[] = []
  const [to = ''] = parsed.words
  const from = registryUrlOf(parsed, 'from', problems)
  if (from === null && parsed.values.has('from')) {
    problems.push('--from: is the URL of a registry; --storage-dir is for a folder')
  }
  const place = await placeOf(parsed, 'here', problems)
  const wish = await transferWish(parsed, problems, from !== null)
  if (from?.selection && wish.selection) {
    problems.push('--repository: the URL of --from names one already')
  }
  if (problems.length > 0) throw new CliError(exitCodes.usage, problems)
  const isTar = to === '-' || parsed.switches.has('tar') || /\.tar$/.test(to)
  const leaves = isTar ? archiveLeaves[to === '-' ? 'pipe' : 'file'] : undefined
  const { signal, stop, aborted } = endedBySignals(leaves)
  const status = openStatusLine()
  const hash = defaultHash()
  try {
    const tools = { patience: patienceOf(status, stop), onNotice: () => {} }
    // Beside a server or without one: what it has at this moment.
    const source = await openEnd(from, signal, () => openPlace(place, 'running', tools))
    try {
      const layout = await openLayout(to, isTar, hash)
      try {
        const selection = from?.selection ?? wish.selection
        const target = layoutTarget(layout.writer, {
          wholeNames: selection?.size !== 1,
          isWhole: (name) => (selection?.get(name) ?? null) === null,
          hash,
        })
        return await runTransfer({
          source:
            source.kind === 'registry'
              ? httpSource(source.client, hash)
              : storesSource(source.stores, signal),
          target,
          names: {
            from: source.name,
            to: to === '-' ? 'standard output' : plain(to, 200),
          },
          wish: { ...wish, selection },
          movesTags: true,
          hash,
          status,
          signal,
          notes: () => notesOn(target.hiddenTags),
          ...(to === '-' ? { out: process.stderr } : {}),
        })
      } finally {
        await layout.close()
      }
    } finally {
      await source.close()
    }
  } catch (error) {
    status.end()
    throw aborted() ?? explained(error, leaves)
  }
}

interface OpenLayout {
  readonly writer: LayoutWriter
  close(): Promise<void>
}

async function openLayout(
  to: string,
  isTar: boolean,
  hash: ReturnType<typeof defaultHash>,
): Promise<OpenLayout> {
  const problem = (text: string): CliError => new CliError(exitCodes.problem, [plain(text, 500)])
  if (to === '-') {
    if (process.stdout.isTTY) {
      throw new CliError(exitCodes.usage, ['-: an archive does not go to a terminal'])
    }
    return { writer: layoutArchiveWriter(archivePipe(process.stdout)), close: async () => {} }
  }
  try {
    if (isTar) {
      const file = await archiveFile(to)
      return { writer: layoutArchiveWriter(file), close: () => file.close() }
    }
    if ((await stat(to).catch(() => null))?.isFile() === true) {
      throw problem(
        `${to}: is a file, and a layout is a folder; --tar writes an archive in its place`,
      )
    }
    return { writer: await layoutFolderWriter(to, hash), close: async () => {} }
  } catch (error) {
    if (error instanceof UnfitLayout) throw problem(error.message)
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR' || code === 'ENOTDIR') {
      throw problem(`${to}: cannot be written (${code})`)
    }
    throw error
  }
}

function notesOn(hidden: readonly string[]): readonly string[] {
  if (hidden.length === 0) return []
  const some = plain(hidden.slice(0, 3).join(', '), 300)
  const count = hidden.length === 1 ? '1 tag is' : `${countText(hidden.length)} tags are`
  return [
    `${count} not legal as a name in a layout, such as ${some}: layerdock import finds them, other programs by digest`,
  ]
}
