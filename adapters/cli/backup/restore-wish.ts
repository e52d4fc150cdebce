import { type Bounds, boundsOf, flagReader } from '../copy/flag-values.ts'
import { type Place, placeFlags, placeOf } from '../copy/place.ts'
import { CliError, exitCodes } from '../exit.ts'
import { plain } from '../plain-text.ts'
import { wantsDatabase } from '../store-settings.ts'
import type { Words } from '../words.ts'

/** What is to be restored, where to, and how. */
export interface RestoreWish extends Bounds {
  /** A folder of backups, or `-` for an archive on standard input. */
  readonly from: string
  readonly to: Place
  /** Whether all of the target is in one folder. */
  readonly isFolder: boolean
  /** Null for the newest. */
  readonly generation: string | null
  readonly resume: boolean
  readonly acceptsLoss: boolean
  readonly json: boolean
}

/** The flags of `layerdock restore`. */
export const restoreFlags: Readonly<Record<string, string | null>> = {
  ...placeFlags('to'),
  generation: 'NAME',
  resume: null,
  'accept-loss': null,
  json: null,
  'no-prepared-statements': null,
  rate: 'SIZE',
  concurrency: 'N',
}

/** Reads what the command line asks for. @throws CliError with every problem of it. */
export async function restoreWish(parsed: Words): Promise<RestoreWish> {
  const { values, switches, words } = parsed
  const [from = '', directory] = words
  const problems: string[] = []
  if (from === '-') {
    if (process.stdin.isTTY) problems.push('-: an archive does not come from a terminal')
    if (values.has('generation')) problems.push('--generation: an archive has one generation')
  }
  const named = values.get('to')
  if (directory !== undefined && named !== undefined) {
    problems.push(`${plain(directory, 200)}: not beside --to`)
  }
  if (
    directory === undefined &&
    ['to', 'to-database', 'to-database-file'].every((f) => !values.has(f))
  ) {
    problems.push(
      `where to? layerdock restore ${plain(from, 200)} DIR, or --to-database URL and --to-bucket URL`,
    )
    throw new CliError(exitCodes.usage, problems)
  }
  const given = directory === undefined ? values : new Map([...values, ['to', [directory]]])
  const to = await placeOf({ ...parsed, values: given }, 'to', problems)
  const read = flagReader(parsed, problems)
  const isFolder = !wantsDatabase(to.stores) && to.stores.bucket === null
  const wish = {
    from,
    to,
    isFolder,
    generation: values.get('generation')?.at(-1) ?? null,
    resume: switches.has('resume'),
    acceptsLoss: switches.has('accept-loss'),
    json: switches.has('json'),
    ...(await boundsOf(read, 16)),
  }
  if (wish.resume && isFolder) {
    problems.push('--resume: a folder knows by itself that its restore was interrupted')
  }
  if (problems.length > 0) throw new CliError(exitCodes.usage, problems)
  return wish
}
