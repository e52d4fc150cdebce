import * as v from 'valibot'
import { type Bounds, boundsOf, flagReader } from '../copy/flag-values.ts'
import { type Place, placeFlags, placeOf } from '../copy/place.ts'
import { CliError, exitCodes } from '../exit.ts'
import { count } from '../quantities.ts'
import type { Words } from '../words.ts'

/** What is to be backed up, where to, and how. */
export interface BackupWish extends Bounds {
  readonly from: Place
  /** A folder, or `-` for an archive on standard output. */
  readonly to: string
  /** How many generations stay; null for all. */
  readonly keep: number | null
  readonly verify: boolean
  readonly list: boolean
  readonly json: boolean
}

/** The flags of `layerdock backup`. */
export const backupFlags: Readonly<Record<string, string | null>> = {
  ...placeFlags('here'),
  keep: 'N',
  verify: null,
  list: null,
  json: null,
  'no-prepared-statements': null,
  rate: 'SIZE',
  concurrency: 'N',
}

/** Reads what the command line asks for. @throws CliError with every problem of it. */
export async function backupWish(parsed: Words): Promise<BackupWish> {
  const { switches, words } = parsed
  const [to = ''] = words
  const problems: string[] = []
  const from = await placeOf(parsed, 'here', problems)
  const read = flagReader(parsed, problems)
  const wish = {
    from,
    to,
    keep: await read<number | null>('keep', v.pipeAsync(count(1)), null),
    verify: switches.has('verify'),
    list: switches.has('list'),
    json: switches.has('json'),
    ...(await boundsOf(read, 16)),
  }
  if (to === '-') {
    for (const flag of ['verify', 'list'] as const) {
      if (wish[flag]) problems.push(`--${flag}: not for an archive`)
    }
    if (wish.keep !== null) problems.push('--keep: not for an archive')
  }
  if (problems.length > 0) throw new CliError(exitCodes.usage, problems)
  return wish
}
