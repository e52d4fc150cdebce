import type { RestoreOutcome, TrashEntry } from '../../../../src/index.ts'
import { countText } from '../../copy/amounts.ts'
import { CliError, exitCodes } from '../../exit.ts'

/** What came back. */
export type Restored = RestoreOutcome & { readonly kind: 'restored' }

/** Why an entry did not come back. */
export function refusal(entry: TrashEntry, outcome: Exclude<RestoreOutcome, Restored>): CliError {
  const name = nameOf(entry)
  switch (outcome.kind) {
    case 'missing':
      return problem(
        `${name}: needs what is gone: ${outcome.digests.slice(0, 5).join(', ')}. Push it again first`,
      )
    case 'exists':
      return problem(
        outcome.digest === undefined
          ? `${name}: there is a repository of that name again, which holds something`
          : `${name}: stands for ${outcome.digest} by now; delete that first`,
      )
    case 'over-quota':
      return problem(
        `${name}: needs ${countText(outcome.needed)} bytes more than the quota of its repository leaves`,
      )
  }
}

/** What came back, for a person. */
export function restoredLines({
  entry,
  tags,
  tagCount,
  left,
  leftCount,
}: Restored): readonly string[] {
  const shown = tags.slice(0, 10).join(', ')
  const more = tagCount > 10 ? `, and ${countText(tagCount - 10)} more` : ''
  const tagged = entry.kind === 'manifest' && tagCount > 0 ? `, tagged ${shown}${more}` : ''
  const lines = [`restored ${nameOf(entry)}${tagged}\n`]
  for (const { tag, digest } of left.slice(0, 10)) {
    lines.push(`  the tag ${tag} stands for ${digest} by now, and stays\n`)
  }
  if (leftCount > 10) lines.push(`  and so do ${countText(leftCount - 10)} more\n`)
  return lines
}

/** The name under which an entry was deleted. */
export function nameOf({ repository, kind, tag, digest }: TrashEntry): string {
  if (kind === 'repository') return repository
  return kind === 'tag' ? `${repository}:${tag}` : `${repository}@${digest}`
}

/** What an operator is told; the exit code is 1. */
export function problem(message: string): CliError {
  return new CliError(exitCodes.problem, [message])
}

/** What is wrong with the command line. */
export function usage(message: string): CliError {
  return new CliError(exitCodes.usage, [message])
}
