import { resolve } from 'node:path'
import * as v from 'valibot'
import { CliError, exitCodes } from '../exit.ts'
import { plain } from '../plain-text.ts'
import type { Setting } from '../setting.ts'
import { settings } from '../settings.ts'
import { type StoreSettings, storeSettings } from '../store-settings.ts'
import type { Words } from '../words.ts'

/** A registry that is copied from or to, or the one that a command is about. */
export type Side = 'from' | 'to' | 'here'

/** Where a registry's names and bytes are, as the command line says. */
export interface Place {
  readonly side: Side
  /** A folder for all that is neither in a database nor in a bucket; null where there is no such thing. */
  readonly directory: string | null
  /** How the database and the bucket are reached, if there are any. */
  readonly stores: StoreSettings
}

/** Settings of the server that each side has, under the same name behind `--from-` or `--to-`. */
const sideSettings = {
  database: 'database',
  databaseFile: 'database-file',
  bucket: 'bucket',
  bucketCredentialsFile: 'bucket-credentials-file',
} as const

/** The flag of a side, without its dashes: that of its folder, or one that the server has. */
function flagOf(side: Side, setting: string | null = null): string {
  if (setting === null) return side === 'here' ? 'storage-dir' : side
  return side === 'here' ? setting : `${side}-${setting}`
}

/** The flags of one side, with the names of their values. */
export function placeFlags(side: Side): Readonly<Record<string, string>> {
  return {
    [flagOf(side)]: 'DIR',
    [flagOf(side, 'database')]: 'URL',
    [flagOf(side, 'database-file')]: 'FILE',
    [flagOf(side, 'bucket')]: 'URL',
    [flagOf(side, 'bucket-credentials-file')]: 'FILE',
  }
}

/** Parses the flags of one side. Pushes what is wrong with them, a sentence each. */
export async function placeOf(
  { values, switches }: Words,
  side: Side,
  problems: string[],
): Promise<Place> {
  const stores: { -readonly [K in keyof StoreSettings]: StoreSettings[K] } = {
    ...defaults(),
    preparedStatements: !switches.has('no-prepared-statements'),
  }
  for (const [name, flag] of Object.entries(sideSettings) as [
    keyof typeof sideSettings,
    string,
  ][]) {
    const text = values.get(flagOf(side, flag))?.at(-1)
    if (text === undefined) continue
    const { schema, isSecret, offCommandLine } = storeSettings[name] as Setting<string | null>
    const result = await v.safeParseAsync(schema, text)
    const problem = result.success
      ? (offCommandLine?.(result.output) ?? null)
      : result.issues[0].message
    const shown = isSecret === true ? ':' : ` ${plain(text, 100)}:`
    if (problem !== null) problems.push(`--${flagOf(side, flag)}${shown} ${ofSide(problem, side)}`)
    else if (result.success) stores[name] = result.output
  }
  const named = values.get(flagOf(side))?.at(-1) ?? null
  const isElsewhere = stores.database !== null || stores.databaseFile !== null
  const directory = named ?? (side === 'here' && !isElsewhere ? settings.storageDir.default : null)
  problems.push(...wrongPlace(side, directory, stores))
  return { side, directory, stores }
}

function wrongPlace(
  side: Side,
  directory: string | null,
  { database, databaseFile, bucket }: StoreSettings,
): readonly string[] {
  const at = (setting?: string): string => flagOf(side, setting)
  const isElsewhere = database !== null || databaseFile !== null
  if (database !== null && databaseFile !== null) {
    return [`--${at('database')} and --${at('database-file')}: only one of them`]
  }
  if (directory === null && !isElsewhere) {
    const whose = side === 'from' ? 'what is to be copied' : 'where to'
    const names = `--${at()} DIR, or --${at('database')} URL and --${at('bucket')} URL`
    return [bucket === null ? `${whose}? ${names}` : `where are the names? ${names}`]
  }
  if (directory === null) {
    return bucket === null
      ? [`where are the bytes? --${at('bucket')} URL, or --${at()} DIR for a folder of bytes`]
      : []
  }
  if (isElsewhere && bucket !== null) {
    return [`--${at()} ${plain(directory, 100)}: names are in the database and bytes in the bucket`]
  }
  if (directory === '' || /^[a-z][a-z0-9+.-]*:\/\/|^postgres\+s3$/i.test(directory)) {
    return [
      `--${at()} ${plain(directory, 100)}: is not a folder; --${at('database')} and --${at('bucket')} take URLs`,
    ]
  }
  return []
}

/** Whether both sides name the same folder. */
export function isSameFolder({ directory: one }: Place, { directory: other }: Place): boolean {
  return one !== null && other !== null && resolve(one) === resolve(other)
}

/** A message of the server, with the names that its flags have here. */
export function ofSide(text: string, side: Side): string {
  if (side === 'here') return text
  return text
    .replaceAll('LAYERDOCK_DATABASE or ', '')
    .replaceAll('--storage-dir', `--${side}`)
    .replaceAll(/--(?=(?:database|bucket)(?:-|\b))/g, `--${side}-`)
}

/** The same for an error that ends the command. */
export function errorOfSide(error: unknown, side: Side): unknown {
  if (!(error instanceof CliError)) return error
  // What is wrong stands on the command line, not in settings.
  const code = error.exitCode === exitCodes.config ? exitCodes.usage : error.exitCode
  return new CliError(
    code,
    error.messages.map((message) => ofSide(message, side)),
  )
}

function defaults(): StoreSettings {
  const entries = Object.entries(storeSettings).map(([name, setting]) => [name, setting.default])
  return Object.fromEntries(entries) as StoreSettings
}
