import { hash as bcrypt } from 'bcryptjs'
import { apiTokenIdOf } from '../../src/access/api-token-text.ts'
import { leastCost, mostCost, wrongUserName } from '../../src/access/htpasswd-file.ts'
import { CliError, exitCodes } from './exit.ts'
import { didYouMean } from './nearest.ts'
import { plain } from './plain-text.ts'
import { type PasswordInput, passwordInput, readNewPassword } from './read-password.ts'
import { editUsers, problemsOf, readUsers, type UserLines } from './users-edit.ts'
import { parseWords, type Words, type WordsShape } from './words.ts'

const commands = ['add', 'passwd', 'remove', 'list']

/**
 * Changes and lists the users of an htpasswd file.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and a file that cannot be read or changed.
 */
export async function userCommand(
  [command = '', ...line]: readonly string[],
  input: PasswordInput = passwordInput(),
): Promise<number> {
  if (['--help', '-h', 'help'].includes(command)) return printHelp()
  if (!commands.includes(command)) throw await noSuchCommand(command)
  const parsed = await parseWords(line, userShape(command))
  if (parsed.switches.has('help')) return printHelp()
  const path = parsed.values.get('htpasswd')?.at(-1)
  if (path === undefined) {
    throw usage(
      `which file? layerdock user ${command}${command === 'list' ? '' : ' NAME'} --htpasswd FILE`,
    )
  }
  if (command === 'list') return list(await readUsers(path), path)
  const name = nameOf(parsed, command)
  if (command === 'remove') return remove(path, name)
  const wish = { name, cost: costOf(parsed), isNew: command === 'add' }
  return setPassword(path, wish, input)
}

/** What `layerdock user add`, `passwd`, `remove` and `list` take. */
export function userShape(command: string): WordsShape {
  return {
    command: `layerdock user ${command}`,
    // The second stands for a password, which is refused below without printing it.
    words: command === 'list' ? [] : ['NAME?', '?'],
    flags: {
      htpasswd: 'FILE',
      ...(command === 'add' || command === 'passwd' ? { cost: 'N' } : {}),
    },
  }
}

function nameOf({ words }: Words, command: string): string {
  const [name, password] = words
  if (name === undefined) throw usage(`which user? layerdock user ${command} NAME --htpasswd FILE`)
  if (password !== undefined) {
    throw usage(
      'a password on the command line is there for every user of the machine to see: it is asked for, or read from standard input',
    )
  }
  const wrong = wrongUserName(name)
  if (wrong !== null) throw usage(`${plain(name, 300)}: the name ${wrong}`)
  return name
}

function costOf({ values }: Words): number {
  const text = values.get('cost')?.at(-1) ?? '10'
  const cost = /^[0-9]{1,2}$/.test(text) ? Number(text) : 0
  if (cost >= leastCost && cost <= mostCost) return cost
  throw usage(
    `--cost ${text}: is not a whole number from ${leastCost} to ${mostCost}; each one more doubles the time of a login`,
  )
}

async function setPassword(
  path: string,
  { name, cost, isNew }: { readonly name: string; readonly cost: number; readonly isNew: boolean },
  input: PasswordInput,
): Promise<number> {
  const expectRight = (lines: UserLines): void => {
    if (lines.has(name) === isNew) throw isNew ? isThere(path, name) : isAbsent(path, name)
  }
  // Before anything is typed. A new file is made by the first user.
  const lines = await readUsers(path).catch((error: unknown) => {
    if (isNew && isNoFile(error)) return null
    throw error
  })
  if (lines !== null) expectRight(lines)
  const password = await readNewPassword(input)
  if (apiTokenIdOf(password) !== null) {
    throw problem('this is an API token, which needs no user: clients send it as their password')
  }
  if ([...password].length < 8) warn('a password of fewer than 8 characters is quickly guessed')
  // As htpasswd writes it; the letter says nothing about the hash.
  const hash = (await bcrypt(password, cost)).replace(/^\$2[ab]\$/, '$2y$')
  const edited = await editUsers(
    path,
    (current) => {
      expectRight(current)
      current.set(name, hash)
    },
    { create: isNew },
  )
  sayProblems(path, edited)
  return exitCodes.ok
}

async function remove(path: string, name: string): Promise<number> {
  const edited = await editUsers(
    path,
    (lines) => {
      if (!lines.has(name)) throw isAbsent(path, name)
      lines.remove(name)
    },
    { create: false },
  )
  if (edited.names.length === 0) {
    warn(`${path}: it has no user left; a server that runs goes on with those from before`)
  } else sayProblems(path, edited)
  return exitCodes.ok
}

/** 1 where a server would not take the file. */
function list(lines: UserLines, path: string): number {
  for (const name of lines.names) process.stdout.write(`${plain(name, 300)}\n`)
  return sayProblems(path, lines) ? exitCodes.problem : exitCodes.ok
}

/** What the server will say; whether there was anything. */
function sayProblems(path: string, lines: UserLines): boolean {
  const problems = problemsOf(lines)
  for (const problem of problems) warn(`${path}: ${problem}`)
  return problems.length > 0
}

async function noSuchCommand(command: string): Promise<CliError> {
  const all = `${commands.slice(0, -1).join(', ')} or ${commands.at(-1)}`
  if (command === '') return usage(`what about users? layerdock user ${all}`)
  const hint = await didYouMean(command, commands, 'layerdock user ')
  return usage(`${plain(command, 100)}: there is no such command of layerdock user${hint}`)
}

async function printHelp(): Promise<number> {
  process.stdout.write((await import('./user-help.ts')).userHelp)
  return exitCodes.ok
}

function isNoFile(error: unknown): boolean {
  return error instanceof CliError && error.message.endsWith('there is no such file')
}

function isThere(path: string, name: string): CliError {
  const advice = `layerdock user passwd ${name} --htpasswd ${path} changes the password`
  return problem(`${path}: ${name} is in it already; ${advice}`)
}

function isAbsent(path: string, name: string): CliError {
  return problem(
    `${path}: there is no user ${name} in it; layerdock user list --htpasswd ${path} says who is`,
  )
}

function warn(message: string): void {
  process.stderr.write(`layerdock: warning: ${message}\n`)
}

function problem(message: string): CliError {
  return new CliError(exitCodes.problem, [message])
}

function usage(message: string): CliError {
  return new CliError(exitCodes.usage, [message])
}
