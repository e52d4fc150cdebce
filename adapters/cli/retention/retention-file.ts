import { parsePolicy } from '../../../src/access/index.ts'
import {
  type ImmutableTags,
  immutableTags,
  type PolicyFinding,
  parseRetention,
  type RetentionPolicy,
} from '../../../src/retention/index.ts'
import { CliError, exitCodes } from '../exit.ts'
import { plain } from '../plain-text.ts'
import { readPolicyText } from '../policy-text.ts'

/** A text of a file, and what the file is called. */
export interface NamedText {
  readonly file: string
  readonly text: string
}

/** A retention policy that was read, and what may not be meant in it. */
export interface RetentionFile {
  readonly policy: RetentionPolicy
  /** A sentence each. */
  readonly warnings: readonly string[]
}

/**
 * Reads the file of a policy, of either kind.
 *
 * @throws CliError where it cannot be read, or anyone on this machine could change it.
 */
export function readNamed(file: string): NamedText {
  return { file, text: readPolicyText(file, { regular: true }) }
}

/** Reads a retention policy. @throws CliError with every problem: then nothing is deleted. */
export function retentionIn({ file, text }: NamedText): RetentionFile {
  const { policy, problems, warnings } = parseRetention(text)
  if (policy === null) throw new CliError(exitCodes.config, toldOf(file, problems))
  return { policy, warnings: toldOf(file, warnings) }
}

/** The immutable tags of an access policy. @throws CliError with every problem: then nothing is deleted. */
export function immutableIn({ file, text }: NamedText): ImmutableTags {
  // Its groups are of no concern here.
  const { policy, problems } = parsePolicy(text, { loginGroups: true })
  if (policy === null) throw new CliError(exitCodes.config, toldOf(file, problems))
  return immutableTags(policy)
}

/** Findings with the file, a sentence each. */
export function toldOf(file: string, findings: readonly PolicyFinding[]): readonly string[] {
  return findings.map(({ path, message }) =>
    plain(path === '' ? `${file}: ${message}` : `${file}: ${path}: ${message}`, 1000),
  )
}
