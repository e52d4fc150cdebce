import { parseArgs } from 'node:util'
import { insteadOf } from './foreign-settings.ts'
import { didYouMean } from './nearest.ts'
import { flagOf, type SettingName, settingNames, settings } from './settings.ts'

/** What a command takes beside the settings: `--config` and its own switches. */
export interface CommandFlags {
  readonly settings: readonly SettingName[]
  /** Switches of this command alone, as they are typed, without the dashes. */
  readonly switches: readonly string[]
}

/** A parsed command line. */
export interface CommandLine {
  /** The text given for each setting; the last one where it is given twice. */
  readonly values: ReadonlyMap<SettingName, string>
  readonly switches: ReadonlySet<string>
  /** The file of `--config`. */
  readonly config: string | null
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[]
}

/** What `-h` and `--help` ask for; every command has it. */
const helpFlag = 'help'

/** Parses the words after the command. */
export async function parseCommandLine(
  words: readonly string[],
  flags: CommandFlags,
): Promise<CommandLine> {
  const values: Map<SettingName, string> = new Map()
  const switches: Set<string> = new Set()
  const problems: string[] = []
  let config: string | null = null
  const meanings = meaningsOf(flags)
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      [...meanings].map(([flag, { takesValue }]) => [
        flag,
        { type: takesValue ? ('string' as const) : ('boolean' as const) },
      ]),
    ),
    strict: false,
    tokens: true,
  })
  /** The word after an unknown flag, which may be its value. */
  let claimed: number | null = null
  for (const [position, token] of tokens.entries()) {
    if (token.kind === 'positional' && token.index !== claimed) {
      problems.push(`${token.value}: not expected here`)
    }
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    if (rawName === '-h') {
      switches.add(helpFlag)
      continue
    }
    const meaning = rawName.startsWith('--') ? meanings.get(name) : undefined
    if (meaning === undefined) {
      const next = tokens[position + 1]
      const following = next?.kind === 'positional' && inlineValue !== true ? next : null
      claimed = following?.index ?? null
      const instead = await hint(name, value ?? following?.value ?? null, flags)
      problems.push(`${rawName}: no such flag${instead}`)
    } else if (meaning.takesValue) {
      const missing = value === undefined || (inlineValue === false && value.startsWith('--'))
      if (missing) problems.push(`${rawName}: needs a value: ${rawName} ${meaning.value}`)
      else if (meaning.setting === null) config = value
      else values.set(meaning.setting, value)
    } else if (meaning.setting === null) {
      switches.add(name)
    } else {
      values.set(meaning.setting, value ?? String(meaning.means))
    }
  }
  return { values, switches, config, problems }
}

interface Meaning {
  /** Null for `--config` and for switches of the command. */
  readonly setting: SettingName | null
  readonly takesValue: boolean
  readonly value: string
  /** What a switch of a setting sets it to. */
  readonly means: boolean
}

function meaningsOf(flags: CommandFlags): ReadonlyMap<string, Meaning> {
  const own = { setting: null, takesValue: false, value: '', means: true }
  const meanings: Map<string, Meaning> = new Map([
    ['config', { ...own, takesValue: true, value: 'FILE' }],
    [helpFlag, own],
  ])
  for (const name of flags.switches) meanings.set(name, own)
  for (const setting of flags.settings) {
    const { value } = settings[setting]
    const flag = flagOf(setting)
    const meaning = { setting, takesValue: value !== null, value: value ?? '', means: true }
    meanings.set(flag, meaning)
    if (value === null) meanings.set(`no-${flag}`, { ...meaning, means: false })
  }
  return meanings
}

async function hint(name: string, value: string | null, flags: CommandFlags): Promise<string> {
  if (meaningsOf(everySetting).has(name)) return ' of this command; it is one of layerdock serve'
  const instead = insteadOf(name, value)
  if (instead !== null) return `; ${instead}`
  const meant = await didYouMean(name, [...meaningsOf(flags).keys()], '--')
  return meant || '; --help says which there are'
}

/** All settings and no switches: what `serve` takes. */
export const everySetting: CommandFlags = { settings: settingNames, switches: [] }

/** What `recover` takes: each switch is a way to get a store going again. */
export const recoverFlags: CommandFlags = {
  settings: ['storageDir'],
  switches: ['start-empty', 'restore-marker', 'accept-loss', 'accept-copy'],
}
