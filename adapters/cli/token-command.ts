import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import * as v from 'valibot'
import {
  grantableActions,
  wrongGrantPattern,
  wrongTokenName,
} from '../../src/access/api-token-list.ts'
import { wrongUserName } from '../../src/access/htpasswd-file.ts'
import { type ApiToken, createApiToken, type Grant } from '../../src/access/index.ts'
import { accessFolder } from './access-settings.ts'
import { editApiTokens, readApiTokens } from './api-token-file.ts'
import { CliError, exitCodes } from './exit.ts'
import { didYouMean } from './nearest.ts'
import { plain } from './plain-text.ts'
import { duration } from './quantities.ts'
import { readSettings } from './read-settings.ts'
import { parseWords, type Words, type WordsShape } from './words.ts'

const commands = ['create', 'list', 'revoke']

/** Where the tokens are. */
const placeFlags = { 'storage-dir': 'DIR', 'access-dir': 'DIR', config: 'FILE' }

/**
 * Makes, lists and revokes API tokens.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and a file that cannot be read or changed.
 */
export async function tokenCommand([command = '', ...line]: readonly string[]): Promise<number> {
  if (['--help', '-h', 'help'].includes(command)) return printHelp()
  if (!commands.includes(command)) throw await noSuchCommand(command)
  const parsed = await parseWords(line, tokenShape(command))
  if (parsed.switches.has('help')) return printHelp()
  const { accessDir, named } = await placeOf(parsed)
  if (command === 'create') return create(parsed, accessDir)
  await expectFolder(named)
  if (command === 'revoke') return revoke(parsed.words[0] ?? '', accessDir)
  return list(await readApiTokens(accessDir), accessDir, parsed.switches.has('json'))
}

/** What `layerdock token create`, `list` and `revoke` take. */
export function tokenShape(command: string): WordsShape {
  return {
    command: `layerdock token ${command}`,
    words: command === 'revoke' ? ['NAME'] : [],
    flags: { ...placeFlags, ...ownFlags(command) },
  }
}

/** Only the first token makes a folder: what is not there when tokens are looked for was mistyped. */
async function expectFolder(path: string): Promise<void> {
  const isAbsent = await stat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )
  if (!isAbsent) return
  throw problem(
    `${plain(path, 500)}: there is no such folder; --storage-dir names that of the server, or --access-dir that of the tokens`,
  )
}

function ownFlags(command: string): Readonly<Record<string, string | null>> {
  if (command === 'list') return { json: null }
  if (command === 'revoke') return {}
  return { owner: 'NAME', name: 'NAME', expires: 'TIME', grant: 'REPOSITORIES:ACTIONS' }
}

/** Where the tokens are, and the folder that was named for it. */
interface Place {
  readonly accessDir: string
  readonly named: string
}

/** `--access-dir`, or the folder `access` of the store, as the settings of the server say it. */
async function placeOf({ values }: Words): Promise<Place> {
  const words = Object.keys(placeFlags).flatMap((flag) => {
    const value = values.get(flag)?.at(-1)
    return value === undefined ? [] : [`--${flag}=${value}`]
  })
  const flags = { settings: ['storageDir', 'accessDir'] as const, switches: [] }
  const { settings } = await readSettings({ words, flags, environment: process.env })
  const folder = accessFolder(settings)
  if (folder !== null) {
    return { accessDir: resolve(folder), named: resolve(settings.accessDir ?? settings.storageDir) }
  }
  throw problem(
    'a registry in memory or in a database has no folder for tokens: name one with --access-dir',
  )
}

async function create({ values }: Words, accessDir: string): Promise<number> {
  const problems: string[] = []
  const one = (flag: string): string | undefined => values.get(flag)?.at(-1)
  const owner = one('owner')
  const name = one('name')
  if (owner === undefined) problems.push('whose token? --owner NAME')
  else if (wrongUserName(owner) !== null) problems.push(`--owner: the name ${wrongUserName(owner)}`)
  if (name === undefined) problems.push('what is it called? --name NAME')
  else if (wrongTokenName(name) !== null) problems.push(`--name: ${wrongTokenName(name)}`)
  const lifetime = await lifetimeOf(one('expires'), problems)
  const grants = (values.get('grant') ?? []).flatMap((text) => grantOf(text, problems))
  if (problems.length > 0 || owner === undefined || name === undefined) {
    throw new CliError(exitCodes.usage, problems)
  }
  const now = Date.now()
  const expires = lifetime === null ? null : now + lifetime
  const wish = { name, owner, expires, grants: grants.length === 0 ? null : grants }
  const { text, token } = createApiToken(wish, now)
  await editApiTokens(accessDir, (tokens) => {
    if (!tokens.some((other) => other.name === name)) return [...tokens, token]
    throw problem(
      `there is a token called ${name}; layerdock token revoke ${name} ends it, or take another --name`,
    )
  })
  process.stdout.write(`${text}\n`)
  say('it is shown this once; clients send it as the password, beside any user name')
  if (expires === null) say('it never expires; --expires 90d ends one by itself')
  if (grants.length === 0) say(`it may do all that ${owner} may do; --grant narrows it`)
  if (grants.some(({ actions }) => actions.includes('push') && !actions.includes('pull'))) {
    say('most clients cannot push without pull: they ask first what is there')
  }
  return exitCodes.ok
}

/** In milliseconds; null for a token that does not end. */
async function lifetimeOf(text: string | undefined, problems: string[]): Promise<number | null> {
  if (text === undefined) return null
  const days = /^([0-9]{1,5})d$/.exec(text)?.[1]
  if (days !== undefined && Number(days) > 0) return Number(days) * 86_400_000
  const result = await v.safeParseAsync(duration, text)
  if (result.success && result.output >= 60_000) return result.output
  problems.push(
    `--expires ${plain(text, 100)}: is not a time from now of a minute or more, such as 90d or 12h`,
  )
  return null
}

/** `team/**:pull,push`, or `catalog`. */
function grantOf(text: string, problems: string[]): readonly Grant[] {
  if (text === 'catalog') return [{ repositories: 'registry:catalog', actions: ['catalog'] }]
  const colon = text.lastIndexOf(':')
  const repositories = text.slice(0, Math.max(colon, 0))
  const actions: Array<Grant['actions'][number]> = []
  const wrong = (what: string): readonly Grant[] => {
    problems.push(`--grant ${plain(text, 200)}: ${what}`)
    return []
  }
  if (colon === -1) return wrong("is not REPOSITORIES:ACTIONS, such as 'team/**:pull,push'")
  for (const word of text.slice(colon + 1).split(',')) {
    const action = grantableActions.find((name) => name === word)
    if (action === undefined) {
      return wrong(`"${plain(word, 50)}" is not one of ${grantableActions.join(', ')}`)
    }
    actions.push(action)
  }
  const wrongPattern = wrongGrantPattern(repositories)
  return wrongPattern === null ? [{ repositories, actions }] : wrong(wrongPattern)
}

function list(tokens: readonly ApiToken[], accessDir: string, asJson: boolean): number {
  if (asJson) {
    const shown = tokens.map(({ hash: _, created, expires, ...token }) => ({
      ...token,
      created: new Date(created).toISOString(),
      expires: expires === null ? null : new Date(expires).toISOString(),
    }))
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`)
    return exitCodes.ok
  }
  if (tokens.length === 0) say(`there are no tokens in ${plain(accessDir, 500)}`)
  for (const { id, name, owner, expires, grants } of tokens) {
    const isOver = expires !== null && expires <= Date.now()
    const day = expires === null ? 'never' : new Date(expires).toISOString().slice(0, 10)
    const end = `${isOver ? 'expired' : 'expires'} ${day}`
    const may = grants?.map(({ repositories, actions }) => `${repositories}:${actions.join(',')}`)
    const fields = [name, owner, id, end, may?.join(' ') ?? 'whatever the owner may do']
    process.stdout.write(`${fields.map((field) => plain(field, 1000)).join('\t')}\n`)
  }
  return exitCodes.ok
}

async function revoke(nameOrId: string, accessDir: string): Promise<number> {
  await editApiTokens(accessDir, (tokens) => {
    const isMeant = ({ name, id }: ApiToken): boolean => name === nameOrId || id === nameOrId
    // The name of one may be the id of another.
    const meant = tokens.filter(isMeant)
    if (meant.length === 0) {
      const shown = plain(nameOrId, 100)
      // A secret that was pasted is not repeated.
      const which = nameOrId.startsWith('ldk_') ? 'give its name or id, not the token' : shown
      throw problem(`there is no such token: ${which}; layerdock token list says which there are`)
    }
    if (meant.length > 1)
      throw problem(`${nameOrId}: is the name of one token and the id of another`)
    return tokens.filter((token) => !isMeant(token))
  })
  say('a server that runs refuses it within a few seconds')
  return exitCodes.ok
}

async function noSuchCommand(command: string): Promise<CliError> {
  if (command === '') {
    return usage('what about tokens? layerdock token create, list or revoke')
  }
  const hint = await didYouMean(command, commands, 'layerdock token ')
  return usage(`${plain(command, 100)}: there is no such command of layerdock token${hint}`)
}

async function printHelp(): Promise<number> {
  process.stdout.write((await import('./token-help.ts')).tokenHelp)
  return exitCodes.ok
}

/** On standard error, so that standard output has the token alone. */
function say(message: string): void {
  process.stderr.write(`layerdock: ${message}\n`)
}

function problem(message: string): CliError {
  return new CliError(exitCodes.problem, [message])
}

function usage(message: string): CliError {
  return new CliError(exitCodes.usage, [message])
}
