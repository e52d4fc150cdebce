import { httpSource, httpTarget, storesSource, storesTarget } from '../../../src/kit.ts'
import { defaultHash } from '../../disk/threaded-hash.ts'
import { endedBySignals, explained, patienceOf } from '../copy/ending.ts'
import { openPlace } from '../copy/open-place.ts'
import { type Place, placeOf } from '../copy/place.ts'
import { openStatusLine } from '../copy/status-line.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Words } from '../words.ts'
import { type OpenEnd, openEnd } from './ends.ts'
import { registryUrlOf } from './registry-url.ts'
import { runTransfer } from './run-transfer.ts'
import { transferWish } from './transfer-flags.ts'

/** Copies to or from a registry over HTTP. Returns the exit code. @throws CliError */
export async function contentCopy(parsed: Words): Promise<number> {
  const problems: string[] = []
  const from = registryUrlOf(parsed, 'from', problems)
  const to = registryUrlOf(parsed, 'to', problems)
  const fromPlace = from === null ? await placeOf(parsed, 'from', problems) : null
  const toPlace = to === null ? await placeOf(parsed, 'to', problems) : null
  const wish = await transferWish(parsed, problems, true)
  for (const flag of ['mirror', 'dry-run', 'verify'] as const) {
    if (parsed.switches.has(flag)) problems.push(`--${flag}: is for stores on both sides`)
  }
  if (from?.selection && wish.selection) {
    problems.push('--repository: the URL of --from names one already')
  }
  if (problems.length > 0) throw new CliError(exitCodes.usage, problems)
  const { signal, stop, aborted } = endedBySignals()
  const status = openStatusLine()
  const hash = defaultHash()
  const tools = { patience: patienceOf(status, stop), onNotice: () => {} }
  const open = (place: Place | null, url: typeof from): Promise<OpenEnd> =>
    openEnd(url, signal, () => {
      const mode =
        place?.side === 'to' ? 'write' : parsed.switches.has('running') ? 'running' : 'read'
      return openPlace(place as Place, mode, tools)
    })
  try {
    const source = await open(fromPlace, from)
    try {
      const target = await open(toPlace, to)
      try {
        return await runTransfer({
          source:
            source.kind === 'registry'
              ? httpSource(source.client, hash)
              : storesSource(source.stores, signal),
          target:
            target.kind === 'registry'
              ? httpTarget(target.client, hash)
              : storesTarget(target.stores),
          names: { from: source.name, to: target.name },
          wish: { ...wish, selection: from?.selection ?? wish.selection },
          movesTags: parsed.switches.has('move-tags'),
          hash,
          status,
          signal,
        })
      } finally {
        await target.close()
      }
    } finally {
      await source.close()
    }
  } catch (error) {
    status.end()
    throw aborted() ?? explained(error)
  }
}
