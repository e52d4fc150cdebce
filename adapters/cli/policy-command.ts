import type {
  PolicyExplanation,
  PolicyFinding,
  PolicyReading,
  ReadPolicy,
} from '../../src/access/index.ts'
import { explainPolicy, parsePolicy } from '../../src/access/index.ts'
import { CliError, exitCodes } from './exit.ts'
import { didYouMean } from './nearest.ts'
import { plain } from './plain-text.ts'
import { type PolicyQuestion, parsePolicyQuestion } from './policy-question.ts'
import { readPolicyText } from './policy-text.ts'
import { parseWords, type WordsShape } from './words.ts'

/** What `layerdock policy check` takes. */
export const checkShape: WordsShape = {
  command: 'layerdock policy check',
  words: ['FILE'],
  flags: { json: null, 'login-groups': null },
}

/** What `layerdock policy explain` takes. */
export const explainShape: WordsShape = {
  command: 'layerdock policy explain',
  words: ['USER', 'ACTION', 'REPOSITORY[:TAG]?'],
  flags: { policy: 'FILE', group: 'NAME', claim: 'NAME=VALUE', issuer: 'NAME', json: null },
}

const commands = ['check', 'explain']

/**
 * Checks a policy, or explains a decision of one.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and a file that cannot be read.
 */
export async function policyCommand([command = '', ...line]: readonly string[]): Promise<number> {
  if (['--help', '-h', 'help'].includes(command)) return printHelp()
  if (command === 'check') {
    const { words, switches } = await parseWords(line, checkShape)
    if (switches.has('help')) return printHelp()
    return check(words[0] ?? '', switches)
  }
  if (command === 'explain') {
    const parsed = await parseWords(line, explainShape)
    if (parsed.switches.has('help')) return printHelp()
    const path = parsed.values.get('policy')?.at(-1) ?? process.env.LAYERDOCK_POLICY ?? ''
    if (path === '') throw usage(['which policy? --policy FILE'])
    // A group that is given by hand need not be one of the document.
    const reading = parsePolicy(readPolicyText(path), { loginGroups: parsed.values.has('group') })
    if (reading.policy === null) {
      throw new CliError(exitCodes.config, lines(path, reading.problems))
    }
    const question = await parsePolicyQuestion(parsed, reading.policy)
    return explain(reading.policy, question, parsed.switches.has('json'))
  }
  if (command === '')
    throw usage([`what about the policy? layerdock policy ${commands.join(' or ')}`])
  const hint = await didYouMean(command, commands, 'layerdock policy ')
  throw usage([
    `${command}: there is no layerdock policy ${command}${hint || `; there are ${commands.join(' and ')}`}`,
  ])
}

async function printHelp(): Promise<number> {
  return print((await import('./policy-help.ts')).policyHelp)
}

async function check(path: string, switches: ReadonlySet<string>): Promise<number> {
  const reading = parsePolicy(readPolicyText(path), {
    loginGroups: switches.has('login-groups'),
  })
  const { policy, problems, warnings } = reading
  const exitCode = policy === null ? exitCodes.problem : exitCodes.ok
  if (switches.has('json')) {
    const ok = policy !== null
    return print(json({ ok, problems, warnings, summary: summaryOf(reading) }), exitCode)
  }
  for (const line of lines(path, problems)) process.stderr.write(`${line}\n`)
  for (const line of lines(path, warnings)) process.stderr.write(`warning: ${line}\n`)
  if (policy === null) return exitCode
  const { rules, immutable, quotas, groups, issuers } = policy
  const counts = [
    counted(rules.length, 'rule'),
    counted(groups.size, 'group'),
    counted(issuers.length, 'issuer'),
    ...(immutable.length > 0 ? [`${immutable.length} for immutable tags`] : []),
    ...(quotas.length > 0 ? [counted(quotas.length, 'quota')] : []),
    counted(warnings.length, 'warning'),
  ]
  return print(`${path}: the policy is right: ${counts.join(', ')}\n`, exitCode)
}

/** Null where the policy has problems. */
function summaryOf({ policy }: PolicyReading): object | null {
  if (policy === null) return null
  const { rules, immutable, groups, issuers, quotas } = policy
  return {
    rules: rules.map(({ label }) => label),
    immutable: immutable.length,
    groups: [...groups].map(([name, members]) => ({ name, members: members.size })),
    issuers: issuers.map(({ name }) => name),
    quotas: quotas.length,
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** 0 where it is allowed and 1 where not, so that a script can test a policy. */
function explain(policy: ReadPolicy, question: PolicyQuestion, asJson: boolean): number {
  const { principal, ask, text } = question
  const explanation = explainPolicy(policy, principal, ask)
  const exitCode = explanation.decision === 'allow' ? exitCodes.ok : exitCodes.problem
  if (asJson) return print(json({ question: text, principal, ...explanation }), exitCode)
  return print(`${textOf(text, explanation)}\n`, exitCode)
}

const verdicts = {
  allow: 'allowed',
  deny: 'refused',
  login: 'refused until the caller logs in',
}

function textOf(question: string, { decision, rule, rules, notes }: PolicyExplanation): string {
  const widest = Math.min(Math.max(0, ...rules.map((each) => each.rule.length)), 40)
  const steps = rules.map(({ rule: name, effect, misses }) => {
    const reasons = misses.map(({ reason }) => reason).join('; ')
    const what = misses.length > 0 ? reasons : effect === 'allow' ? 'allows it' : 'denies it'
    return `  ${name.padEnd(widest)}  ${what}`
  })
  const all = [
    `${question}: ${verdicts[decision]}, by ${rule}`,
    ...steps,
    ...notes.map((note) => `  ${note}`),
  ]
  return all.map((line) => plain(line, 1000)).join('\n')
}

function lines(file: string, findings: readonly PolicyFinding[]): readonly string[] {
  return findings.map(({ path, message }) =>
    plain(path === '' ? `${file}: ${message}` : `${file}: ${path}: ${message}`, 1000),
  )
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function print(text: string, exitCode: number = exitCodes.ok): number {
  process.stdout.write(text)
  return exitCode
}

function usage(messages: readonly string[]): CliError {
  return new CliError(exitCodes.usage, messages)
}
