import { operations } from './admin/operations.ts'
import { type CommandFlags, everySetting, recoverFlags } from './command-line.ts'
import { CliError, exitCodes } from './exit.ts'
import { didYouMean } from './nearest.ts'
import { type ReadSettings, readSettings } from './read-settings.ts'
import type { Settings } from './settings.ts'

// Commands and texts are loaded when they are wanted: the first answer of a server waits for it.
const commands: ReadonlyMap<string, Command> = new Map([
  ['serve', serve],
  ['recover', recover],
  ['copy', async (words) => (await import('./copy-command.ts')).copyCommand(words)],
  ['import', async (words) => (await import('./import-command.ts')).importCommand(words)],
  ['export', async (words) => (await import('./export-command.ts')).exportCommand(words)],
  ['backup', async (words) => (await import('./backup-command.ts')).backupCommand(words)],
  ['restore', async (words) => (await import('./restore-command.ts')).restoreCommand(words)],
  [
    'retention',
    async (words) => (await import('./retention/retention-command.ts')).retentionCommand(words),
  ],
  ['policy', async (words) => (await import('./policy-command.ts')).policyCommand(words)],
  ['user', async (words) => (await import('./user-command.ts')).userCommand(words)],
  ['health', health],
  ['token', async (words) => (await import('./token-command.ts')).tokenCommand(words)],
])

const operationWords: ReadonlySet<string> = new Set(
  [...operations.keys()].map((name) => name.split(' ', 1)[0] ?? ''),
)

async function serve(words: readonly string[]): Promise<number> {
  const { settings, switches, config } = await read(words, everySetting)
  if (switches.has('help')) return print((await import('./help.ts')).serveHelp)
  const { serveCommand } = await import('./serve-command.ts')
  const reread = async (): Promise<Settings> => (await read(words, everySetting)).settings
  return serveCommand(settings, config === null ? null : reread)
}

async function recover(words: readonly string[]): Promise<number> {
  const { settings, switches } = await read(words, recoverFlags)
  if (switches.has('help')) return print((await import('./help.ts')).recoverHelp)
  const { recoverCommand } = await import('./recover-command.ts')
  return recoverCommand(settings, switches)
}

async function health(words: readonly string[]): Promise<number> {
  const { healthCommand, healthFlags, healthHelp } = await import('./health-command.ts')
  const { settings, switches } = await read(words, healthFlags)
  return switches.has('help') ? print(healthHelp) : healthCommand(settings, switches)
}

function read(words: readonly string[], flags: CommandFlags): Promise<ReadSettings> {
  return readSettings({ words, flags, environment: process.env })
}

async function run([command = '', ...words]: readonly string[]): Promise<number> {
  if (['--version', '-v', '-V', 'version'].includes(command)) {
    return print(`${(await import('./version.ts')).version()}\n`)
  }
  if (command === '--help' || command === '-h' || command === 'help') {
    const about = commandOf(words[0] ?? '')
    if (about !== undefined) return about(['--help'])
    return print((await import('./help.ts')).overview)
  }
  const known = commandOf(command)
  if (known !== undefined) return known(words)
  throw new CliError(exitCodes.usage, [await noSuchCommand(command)])
}

type Command = (words: readonly string[]) => Promise<number>

/** A command by its word; one of several words, such as `trash list`, by the first. */
function commandOf(word: string): Command | undefined {
  const known = commands.get(word)
  if (known !== undefined || !operationWords.has(word)) return known
  return async (words) =>
    (await import('./admin/operation-command.ts')).operationCommand([word, ...words])
}

async function noSuchCommand(command: string): Promise<string> {
  const names = [...new Set([...commands.keys(), ...operationWords])]
  if (command === '') {
    const all = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
    return `which command? ${all}; layerdock --help says more`
  }
  if (command.startsWith('-'))
    return `${command}: a command comes first: layerdock serve ${command}`
  return `${command}: no such command${(await didYouMean(command, names, 'layerdock ')) || elsewhere}`
}

const elsewhere = '; layerdock --help says which there are'

function print(text: string): number {
  process.stdout.write(text)
  return exitCodes.ok
}

async function main(): Promise<void> {
  try {
    process.exitCode = await run(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    const { withoutSecrets } = await import('./plain-text.ts')
    for (const message of error.messages) {
      process.stderr.write(`layerdock: ${withoutSecrets(message)}\n`)
    }
    process.exitCode = error.exitCode
  }
}

// Nothing waits for it in this module: a single-file executable of Node's begins with a script, which cannot.
void main()
