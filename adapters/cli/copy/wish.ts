import { CliError, exitCodes } from '../exit.ts'
import { registryFlags } from '../interchange/registry-url.ts'
import { transferFlags } from '../interchange/transfer-flags.ts'
import { plain } from '../plain-text.ts'
import type { Words } from '../words.ts'
import { type Bounds, boundsOf, flagReader } from './flag-values.ts'
import { isSameFolder, type Place, placeFlags, placeOf } from './place.ts'

/** What is to be copied, and how. */
export interface CopyWish extends Bounds {
  readonly from: Place
  readonly to: Place
  readonly running: boolean
  readonly mirror: boolean
  readonly dryRun: boolean
  readonly verify: boolean
  readonly json: boolean
}

/** The flags of `layerdock copy`. */
export const copyFlags: Readonly<Record<string, string | null>> = {
  ...placeFlags('from'),
  ...placeFlags('to'),
  ...registryFlags('from'),
  ...registryFlags('to'),
  ...transferFlags,
  'move-tags': null,
  running: null,
  mirror: null,
  'dry-run': null,
  verify: null,
}

/** What stores on both sides have no use for. */
const onlyOverHttp: readonly string[] = [
  ...Object.keys(registryFlags('from')),
  ...Object.keys(registryFlags('to')),
  'repository',
  'move-tags',
]

/** Reads what the command line asks for. @throws CliError with every problem of it. */
export async function wishOf(parsed: Words): Promise<CopyWish> {
  const { values, switches } = parsed
  const problems: string[] = []
  for (const flag of onlyOverHttp) {
    if (values.has(flag) || switches.has(flag)) {
      problems.push(`--${flag}: is for a registry over HTTP, such as --from https://…`)
    }
  }
  const from = await placeOf(parsed, 'from', problems)
  const to = await placeOf(parsed, 'to', problems)
  if (problems.length === 0 && isSameFolder(from, to)) {
    problems.push(
      `--to ${plain(to.directory ?? '', 200)}: is what is to be copied; give another place`,
    )
  }
  const bounds = await boundsOf(flagReader(parsed, problems), 16)
  if (problems.length > 0) throw new CliError(exitCodes.usage, problems)
  return {
    from,
    to,
    ...bounds,
    running: switches.has('running'),
    mirror: switches.has('mirror'),
    dryRun: switches.has('dry-run'),
    verify: switches.has('verify'),
    json: switches.has('json'),
  }
}
