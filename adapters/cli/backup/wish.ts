import * as v from 'valibot'
import { type Place, placeFlags, placeOf } from '../copy/place.ts'
import { CliError, exitCodes } from '../exit.ts'
import { plain } from '../plain-text.ts'
import { count, size } from '../quantities.ts'
import type { Words } from '../words.ts'

/** What is to be backed up, where to, and how. */
export interface BackupWish {
  readonly from: Place
  /** A folder, or `-` for an archive on standard output. */
  readonly to: string
  /** How many generations stay; null for all. */
  readonly keep: number | null
  readonly verify: boolean
  readonly list: boolean
  readonly json: boolean
  readonly concurrency: number
  /** In bytes a second; null for no limit. */
  readonly rate: number | null
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
  const { values, switches, words } = parsed
  const [to = ''] = words
  const problems: string[] = []
  const from = await placeOf(parsed, 'here', problems)
  const take = async <T>(flag: string, schema: v.GenericSchemaAsync<unknown, T>, initially: T) => {
    const text = values.get(flag)?.at(-1)
    if (text === undefined) return initially
    const result = await v.safeParseAsync(schema, text)
    if (result.success) return result.output
    problems.push(`--${flag} ${plain(text, 100)}: ${result.issues[0].message}`)
    return initially
  }
  const most = v.pipeAsync(count(1), v.maxValue(256, 'is more than 256'))
  const wish = {
    from,
    to,
    keep: await take<number | null>('keep', v.pipeAsync(count(1)), null),
    verify: switches.has('verify'),
    list: switches.has('list'),
    json: switches.has('json'),
    concurrency: await take('concurrency', most, 16),
    rate: await take<number | null>('rate', size, null),
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
