import type { RepositoryName } from '../../../src/index.ts'
import {
  type ContentSource,
  type HashFactory,
  httpSource,
  httpTarget,
  nowhere,
  type Selection,
  storesSource,
  storesTarget,
  transferContent,
  verifyStores,
} from '../../../src/kit.ts'
import { defaultHash } from '../../disk/threaded-hash.ts'
import { endedBySignals, explained, patienceOf } from '../copy/ending.ts'
import { openPlace } from '../copy/open-place.ts'
import { type Place, placeOf } from '../copy/place.ts'
import { copyProblem } from '../copy/result-text.ts'
import { openStatusLine } from '../copy/status-line.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Words } from '../words.ts'
import { type OpenEnd, openEnd } from './ends.ts'
import { registryUrlOf } from './registry-url.ts'
import { runTransfer, type Verified, type VerifyTools } from './run-transfer.ts'
import { type TransferWish, transferWish } from './transfer-flags.ts'

/** Copies to or from a registry over HTTP. Returns the exit code. @throws CliError */
export async function contentCopy(parsed: Words): Promise<number> {
  const problems: string[] = []
  const from = registryUrlOf(parsed, 'from', problems)
  const to = registryUrlOf(parsed, 'to', problems)
  const fromPlace = from === null ? await placeOf(parsed, 'from', problems) : null
  const toPlace = to === null ? await placeOf(parsed, 'to', problems) : null
  const wish = await transferWish(parsed, problems, true)
  const { switches } = parsed
  if (switches.has('mirror')) problems.push('--mirror: is for stores on both sides')
  const [dryRun, verifies] = [switches.has('dry-run'), switches.has('verify')]
  if (dryRun && verifies) problems.push('--dry-run and --verify: only one of them')
  if (from?.selection && wish.selection) {
    problems.push('--repository: the URL of --from names one already')
  }
  if (problems.length > 0) throw new CliError(exitCodes.usage, problems)
  const { signal, stop, giveWay, aborted } = endedBySignals()
  const status = openStatusLine()
  const hash = defaultHash()
  const gives = { command: 'copy', way: giveWay }
  const tools = { patience: patienceOf(status, stop), onNotice: () => {}, gives }
  const open = (place: Place | null, url: typeof from): Promise<OpenEnd> =>
    openEnd(url, signal, () => {
      const mode =
        place?.side === 'to'
          ? dryRun
            ? 'look'
            : 'write'
          : parsed.switches.has('running')
            ? 'running'
            : 'read'
      return openPlace(place as Place, mode, tools)
    })
  try {
    const source = await open(fromPlace, from)
    try {
      const target = await open(toPlace, to)
      try {
        const selection = from?.selection ?? wish.selection
        const names: Set<RepositoryName> = new Set(selection?.keys())
        return await runTransfer({
          source: noting(
            source.kind === 'registry'
              ? httpSource(source.client, hash)
              : storesSource(source.stores, signal),
            names,
          ),
          target:
            target.kind === 'registry'
              ? httpTarget(target.client, hash)
              : storesTarget(target.stores),
          names: { from: source.name, to: target.name },
          wish: { ...wish, selection },
          dryRun,
          ...(verifies
            ? { verify: verifying(target, { wish, selection, names, hash, signal }) }
            : {}),
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

/** A source that notes which repositories it lists. */
function noting(source: ContentSource, names: Set<RepositoryName>): ContentSource {
  return {
    listsManifests: source.listsManifests,
    async *repositories() {
      for await (const name of source.repositories()) {
        names.add(name)
        yield name
      }
    },
    roots: (repository, only) => source.roots(repository, only),
    readManifest: (repository, reference) => source.readManifest(repository, reference),
    openBlob: (repository, blob) => source.openBlob(repository, blob),
    referrers: (repository, subject) => source.referrers(repository, subject),
    problems: async () => (await source.problems?.()) ?? [],
  }
}

interface Verifying {
  readonly wish: TransferWish
  readonly selection: Selection | null
  /** The repositories that were copied. */
  readonly names: ReadonlySet<RepositoryName>
  readonly hash: HashFactory
  readonly signal: AbortSignal
}

/** Reads what was copied from the target again: of stores all that they have, of a registry those repositories. */
function verifying(target: OpenEnd, { wish, selection, names, hash, signal }: Verifying) {
  const { concurrency, rate } = wish
  const bounds = { concurrency, hash, signal, ...(rate === null ? {} : { bytesPerSecond: rate }) }
  return async ({ onProblem, onBytes }: VerifyTools): Promise<Verified> => {
    if (target.kind === 'stores') {
      return await verifyStores(target.stores, {
        ...bounds,
        onProgress: ({ bytes }) => onBytes(bytes),
        onProblem: (problem) => onProblem(copyProblem(problem)),
      })
    }
    const wanted: Selection = selection ?? new Map([...names].map((name) => [name, null]))
    const { looked, bytes } = await transferContent(httpSource(target.client, hash), nowhere, {
      ...bounds,
      selection: wanted,
      onProgress: (now) => onBytes(now.bytes),
      onProblem,
    })
    return { digests: looked.blob + looked.manifest, bytes }
  }
}
