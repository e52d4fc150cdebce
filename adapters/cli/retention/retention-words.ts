import * as v from 'valibot'
import type { ImmutableTags, RetentionPolicy } from '../../../src/retention/index.ts'
import type { OperationTools } from '../admin/operation.ts'
import { CliError, exitCodes } from '../exit.ts'
import { entry } from '../help-entry.ts'
import type { Words } from '../words.ts'
import { immutableIn, type NamedText, readNamed, retentionIn } from './retention-file.ts'

/** Policies that the command line names: their text, since a server need not see the same files. */
export interface PoliciesInput {
  readonly retention: NamedText | null
  readonly policy: NamedText | null
}

type NamedSchema = v.GenericSchema<unknown, NamedText | null>

const named: NamedSchema = v.nullable(v.strictObject({ file: v.string(), text: v.string() }))

/** How they arrive at the admin endpoint. */
export const policyEntries: {
  readonly retention: NamedSchema
  readonly policy: NamedSchema
} = { retention: named, policy: named }

/** The flags that name them. */
export const policyFlags: Readonly<Record<string, string>> = { retention: 'FILE', policy: 'FILE' }

/** What `--help` says of these flags. */
export const policyHelp: string = `${entry('--retention FILE', "the retention policy; the server's own, if not given")}
${entry('--policy FILE', "an access policy, whose immutable tags stay; the server's own, if not given")}`

/** Reads the files that the command line names. @throws CliError where one cannot be used. */
export function policiesOf({ values }: Words): PoliciesInput {
  const read = (flag: string): NamedText | null => {
    const file = values.get(flag)?.at(-1)
    return file === undefined ? null : readNamed(file)
  }
  const input = { retention: read('retention'), policy: read('policy') }
  // Here, so that a mistake is told before a server is asked.
  if (input.retention !== null) retentionIn(input.retention)
  if (input.policy !== null) immutableIn(input.policy)
  return input
}

/** The policies that are meant: those of the command line, or of the settings. @throws CliError */
export function policiesFor(
  { retention, policy }: PoliciesInput,
  { settings }: Pick<OperationTools, 'settings'>,
): { readonly policy: RetentionPolicy; readonly isImmutable?: ImmutableTags } {
  const meant = retention ?? (settings.retention === null ? null : readNamed(settings.retention))
  if (meant === null) {
    throw new CliError(exitCodes.usage, ['which retention policy? --retention FILE'])
  }
  const access = policy ?? (settings.policy === null ? null : readNamed(settings.policy))
  return {
    policy: retentionIn(meant).policy,
    ...(access === null ? {} : { isImmutable: immutableIn(access) }),
  }
}
