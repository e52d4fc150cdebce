import { resolve } from 'node:path'
import * as v from 'valibot'
import { type NoticeSink, RegistryError } from '../../../src/index.ts'
import { contentRepair, httpSource, type RepairSource, repairSource } from '../../../src/kit.ts'
import { defaultHash } from '../../disk/threaded-hash.ts'
import { openPlace } from '../copy/open-place.ts'
import { type Place, placeOf } from '../copy/place.ts'
import { CliError, exitCodes } from '../exit.ts'
import { openRegistryUrl, registryUrlOf } from '../interchange/registry-url.ts'
import type { Entries } from '../log.ts'
import type { Words } from '../words.ts'

/** Where whole bytes are, as it travels to a server. */
export const placeSchema: v.GenericSchema<unknown, Place> = v.object({
  side: v.literal('from'),
  directory: v.nullable(v.string()),
  stores: v.object({
    database: v.nullable(v.string()),
    databaseFile: v.nullable(v.string()),
    poolSize: v.number(),
    preparedStatements: v.boolean(),
    bucket: v.nullable(v.string()),
    bucketCredentialsFile: v.nullable(v.string()),
    redirect: v.union([v.literal('on'), v.literal('off'), v.number()]),
    smallBlobs: v.number(),
    keepDeleted: v.number(),
    storeWait: v.number(),
  }),
})

/** A registry over HTTP to take whole bytes from, as it travels to a server. */
export interface RepairRegistry {
  readonly url: string
  readonly credentialsFile: string | null
  readonly realms: readonly string[]
}

/** How one is checked. */
export const registrySchema: v.GenericSchema<unknown, RepairRegistry> = v.object({
  url: v.pipe(v.string(), v.url()),
  credentialsFile: v.nullable(v.string()),
  realms: v.array(v.string()),
})

/** The registry that `--from` names, where it is a URL. */
export function repairRegistryOf(words: Words, problems: string[]): RepairRegistry | null {
  const found = registryUrlOf(words, 'from', problems)
  if (found === null) return null
  const { url, credentialsFile, realms, selection } = found
  if (selection !== null) problems.push('--from: names the registry alone')
  const file = credentialsFile === null ? null : resolve(credentialsFile)
  return { url: url.href, credentialsFile: file, realms }
}

/** Opens it. @throws CliError */
export async function openRepairRegistry(
  { url, credentialsFile, realms }: RepairRegistry,
  signal: AbortSignal,
): Promise<OpenMirror> {
  const named = { url: new URL(url), selection: null, credentialsFile, realms }
  const client = await openRegistryUrl(named, signal)
  return {
    source: contentRepair(client.origin, httpSource(client, defaultHash())),
    close: async () => {},
  }
}

/** The place that `--from` and its like name; null where none does. Paths are absolute, for a server. */
export async function repairPlaceOf(words: Words, problems: string[]): Promise<Place | null> {
  const isGiven = [...words.values.keys()].some((flag) => /^from(-|$)/.test(flag))
  if (!isGiven) return null
  const place = await placeOf(words, 'from', problems)
  const absolute = (path: string | null): string | null => (path === null ? null : resolve(path))
  const { stores } = place
  return {
    ...place,
    directory: absolute(place.directory),
    stores: {
      ...stores,
      databaseFile: absolute(stores.databaseFile),
      bucketCredentialsFile: absolute(stores.bucketCredentialsFile),
    },
  }
}

/** A mirror that is open. */
export interface OpenMirror {
  readonly source: RepairSource
  close(): Promise<void>
}

/** What a mirror is opened with. */
export interface MirrorTools {
  readonly log: Entries
  readonly signal: AbortSignal
  readonly onNotice: NoticeSink
  readonly withinMs: number
}

/**
 * Opens a place to take whole bytes from, also beside a server that has it.
 *
 * @throws CliError that says what to do.
 */
export async function openMirror(
  place: Place,
  { log, signal, onNotice, withinMs }: MirrorTools,
): Promise<OpenMirror> {
  const stop = new Promise<void>((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
  try {
    const open = await openPlace(place, 'running', { patience: { withinMs, stop, log }, onNotice })
    return {
      source: repairSource(open.parts.join(' and '), open.stores),
      close: () => open.close(),
    }
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    throw new CliError(exitCodes.problem, [`--from: ${error.message}`])
  }
}
