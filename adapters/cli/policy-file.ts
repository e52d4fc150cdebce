import {
  type ParsePolicyOptions,
  type PolicyFinding,
  parsePolicy,
  type ReadPolicy,
} from '../../src/access/index.ts'
import { CliError, exitCodes } from './exit.ts'
import { readPolicyText } from './policy-text.ts'

/** A policy that was read from a file, and what may not be meant in it. */
export interface PolicyFile {
  readonly policy: ReadPolicy
  readonly text: string
  /** A sentence each. */
  readonly warnings: readonly string[]
}

/**
 * Reads a policy document of a server, which reads it again later: a pipe would stop all requests until its writer
 * comes.
 *
 * @throws CliError with every problem: a part of a policy could open what another part closes.
 */
export function readPolicyFile(path: string, options: ParsePolicyOptions = {}): PolicyFile {
  const text = readPolicyText(path, { regular: true })
  const { policy, problems, warnings } = parsePolicy(text, options)
  const told = ({ path: place, message }: PolicyFinding): string =>
    place === '' ? `${path}: ${message}` : `${path}: ${place}: ${message}`
  if (policy === null) throw new CliError(exitCodes.config, problems.map(told))
  return { policy, text, warnings: warnings.map(told) }
}
