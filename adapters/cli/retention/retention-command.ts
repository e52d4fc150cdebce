import { parseRetention } from '../../../src/retention/index.ts'
import { operationCommand } from '../admin/operation-command.ts'
import { CliError, exitCodes } from '../exit.ts'
import { readPolicyText } from '../policy-text.ts'
import { parseWords, type WordsShape } from '../words.ts'
import { toldOf } from './retention-file.ts'

const help = `layerdock retention check: say what is wrong with a retention policy.

  layerdock retention check FILE

Reads the file as the server does, and prints each problem with its place, and warnings of what may not be meant.
No registry is asked. With --json for programs.

Exit codes: 0 where the policy is right, 1 where it has a problem, 2 for a wrong command line,
78 where it cannot be read.
`

/** What `layerdock retention check` takes. */
export const retentionCheckShape: WordsShape = {
  command: 'layerdock retention check',
  words: ['FILE'],
  flags: { json: null },
}

/**
 * Runs `layerdock retention check`, and hands the rest to the operations of the same name.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and a file that cannot be read.
 */
export async function retentionCommand(line: readonly string[]): Promise<number> {
  if (line[0] === undefined) {
    throw new CliError(exitCodes.usage, ['which? layerdock retention check, explain or run'])
  }
  if (line[0] !== 'check') return operationCommand(['retention', ...line])
  const { words, switches } = await parseWords(line.slice(1), retentionCheckShape)
  if (switches.has('help')) {
    process.stdout.write(help)
    return exitCodes.ok
  }
  const [file = ''] = words
  const { policy, problems, warnings } = parseRetention(readPolicyText(file))
  const exitCode = policy === null ? exitCodes.problem : exitCodes.ok
  if (switches.has('json')) {
    process.stdout.write(
      `${JSON.stringify({ ok: policy !== null, problems, warnings }, null, 2)}\n`,
    )
    return exitCode
  }
  for (const told of toldOf(file, problems)) process.stderr.write(`${told}\n`)
  for (const told of toldOf(file, warnings)) process.stderr.write(`warning: ${told}\n`)
  if (policy !== null) {
    const { length } = policy.rules
    process.stdout.write(
      `${file}: the policy is right: ${length} ${length === 1 ? 'rule' : 'rules'}\n`,
    )
  }
  return exitCode
}
