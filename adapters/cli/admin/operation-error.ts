import { RegistryError } from '../../../src/index.ts'
import { CliError, exitCodes } from '../exit.ts'
import { plain } from '../plain-text.ts'
import type { OperationError } from './lines.ts'

/** An error as the caller is told it; null for an unexpected one. */
export function toldOf(error: unknown): OperationError | null {
  if (error instanceof CliError) return { messages: error.messages, exitCode: error.exitCode }
  if (!(error instanceof RegistryError)) return null
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return problem(plain(`${error.message}${cause}`, 1000))
}

/** A message with the exit code of a problem. */
export function problem(message: string): OperationError {
  return { messages: [message], exitCode: exitCodes.problem }
}
