import { openStatusLine } from '../copy/status-line.ts'
import { CliError, exitCodes } from '../exit.ts'
import { entry } from '../help-entry.ts'
import type { Entries } from '../log.ts'
import { logNotices } from '../log-notices.ts'
import { didYouMean } from '../nearest.ts'
import { plain } from '../plain-text.ts'
import { readSettings } from '../read-settings.ts'
import { flagOf, type SettingName, settings } from '../settings.ts'
import { listenToSignals } from '../signals.ts'
import { parseWords, type Words, type WordsShape } from '../words.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'
import { type Place, perform } from './perform.ts'

/** The settings that say which registry is meant. */
const placeSettings: readonly SettingName[] = [
  'storageDir',
  'adminFile',
  'database',
  'databaseFile',
  'poolSize',
  'preparedStatements',
  'bucket',
  'bucketCredentialsFile',
  'smallBlobs',
  'storeWait',
  'webhooks',
]

/** Those that say which registry to open where no server has it. */
const storeSettings: readonly SettingName[] = ['storageDir', 'database', 'databaseFile', 'bucket']

/**
 * Runs `layerdock gc` and the like: reads the command line, has the operation done, and prints what it did.
 *
 * @returns the exit code
 * @throws CliError for a wrong command line, and for what failed.
 */
export async function operationCommand(line: readonly string[]): Promise<number> {
  const [first = '', second = ''] = line
  const isPair = operations.has(`${first} ${second}`)
  const known = operations.get(isPair ? `${first} ${second}` : first)
  if (known === undefined) return await groupCommand(first, second)
  const operation = await known.load()
  const parsed = await parseWords(line.slice(isPair ? 2 : 1), operationShape(operation))
  if (parsed.switches.has('help')) {
    process.stdout.write(helpOf(operation))
    return exitCodes.ok
  }
  const input = await operation.inputOf(parsed)
  const result = await performed(operation, input, await placeOf(parsed))
  const wroteBytes = result.wroteBytes
  const text = parsed.switches.has('json')
    ? `${JSON.stringify(result.value, null, 2)}\n`
    : operation.text(result.value, input)
  // Standard output has the bytes, and nothing else.
  const out = wroteBytes ? process.stderr : process.stdout
  out.write(text)
  return operation.exitCode?.(result.value) ?? exitCodes.ok
}

/** What the command of an operation takes. */
export function operationShape({ name, words, flags }: Operation): WordsShape {
  return {
    command: `layerdock ${name}`,
    words: words ?? [],
    flags: { ...placeFlags(), ...flags, json: null },
  }
}

/** `layerdock trash` without a second word that it knows. */
async function groupCommand(group: string, second: string): Promise<number> {
  const names = [...operations.keys()].filter((name) => name.startsWith(`${group} `))
  const words = names.map((name) => name.slice(group.length + 1))
  if (['--help', '-h', 'help'].includes(second)) {
    for (const name of names) {
      const operation = await operations.get(name)?.load()
      if (operation !== undefined) process.stdout.write(`${operation.help}\n`)
    }
    process.stdout.write(placeHelp)
    return exitCodes.ok
  }
  const which = words.map((word) => `layerdock ${group} ${word}`).join(' or ')
  const problem =
    second === '' || second.startsWith('-')
      ? `which of them? ${which}`
      : `${plain(second, 100)}: there is no such command of layerdock ${group}${await didYouMean(second, words, `layerdock ${group} `)}`
  throw new CliError(exitCodes.usage, [problem])
}

interface Performed {
  readonly value: unknown
  readonly wroteBytes: boolean
}

async function performed(operation: Operation, input: unknown, place: Place): Promise<Performed> {
  const status = openStatusLine()
  const controller = new AbortController()
  const signals = listenToSignals(() => process.exit(exitCodes.problem))
  const stopped = new CliError(exitCodes.problem, ['stopped: what was done until now stays done'])
  void signals.stop.then(() => controller.abort(stopped))
  const log = spokenLog((text) => status.say(text))
  let wroteBytes = false
  try {
    const value = await perform(operation, input, place, {
      signal: controller.signal,
      stop: signals.stop,
      log,
      onNotice: logNotices(() => log),
      tell: (progress) => {
        if (operation.progressText !== undefined) status.show(operation.progressText(progress))
      },
      write: async (bytes) => {
        wroteBytes = true
        if (process.stdout.write(bytes)) return
        await new Promise((resolve) => process.stdout.once('drain', resolve))
      },
    })
    return { value, wroteBytes }
  } catch (error) {
    throw controller.signal.aborted ? stopped : error
  } finally {
    status.end()
  }
}

/** Warnings and errors of a registry that the command opened itself, for a person. */
function spokenLog(say: (text: string) => void): Entries {
  const nothing = (): void => {}
  const speak = (first: unknown, text?: unknown): void => {
    const { problem, err } = (typeof first === 'object' && first !== null ? first : {}) as {
      readonly problem?: unknown
      readonly err?: unknown
    }
    const why = problem ?? (err instanceof Error ? err.message : undefined)
    const message = String(text ?? first)
    say(plain(why === undefined ? message : `${message}: ${String(why)}`, 1000))
  }
  return {
    debug: nothing,
    info: nothing,
    warn: speak,
    error: speak,
    fatal: speak,
    isLevelEnabled: (level) => ['warn', 'error', 'fatal'].includes(level),
  }
}

function placeFlags(): Readonly<Record<string, string | null>> {
  const flags = placeSettings.map((name): [string, string | null] => {
    const { value, default: initially } = settings[name]
    return [value === null && initially === true ? `no-${flagOf(name)}` : flagOf(name), value]
  })
  return { ...Object.fromEntries(flags), config: 'FILE' }
}

/** The settings of the server: its flags that say where it is, its variables, and its configuration file. */
async function placeOf({ values, switches }: Words): Promise<Place> {
  const words = Object.keys(placeFlags()).flatMap((flag) => {
    if (switches.has(flag)) return [`--${flag}`]
    const value = values.get(flag)?.at(-1)
    return value === undefined ? [] : [`--${flag}=${value}`]
  })
  const flags = { settings: placeSettings, switches: [] }
  const { settings, given } = await readSettings({ words, flags, environment: process.env })
  return { settings, isNamed: storeSettings.some((name) => given.has(name)) }
}

const placeHelp = `
${entry('--storage-dir DIR', `the folder of the registry (${settings.storageDir.defaultText}). Where a server has it, that server does the work`)}
${entry('--admin-file FILE', 'the same as that of the server, where it has one')}
${entry('--database URL, --bucket URL', 'a registry in PostgreSQL and S3, as layerdock serve takes them, with their other flags: the command works beside its servers')}
${entry('--config FILE', "the server's file of settings; its variables are read as well")}
${entry('--json', 'print the result as JSON')}
`

function helpOf({ help }: Operation): string {
  const codes =
    '\nExit codes: 0 where all went well, 1 for a problem, 2 for a wrong command line, 78 for a wrong\nvariable, configuration file or policy.\n'
  return `${help}${placeHelp}${codes}`
}
