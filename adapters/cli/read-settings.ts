import * as v from 'valibot'
import { type CommandFlags, type CommandLine, parseCommandLine } from './command-line.ts'
import { readConfigFile } from './config-file.ts'
import { CliError, exitCodes } from './exit.ts'
import type { Setting } from './setting.ts'
import {
  flagOf,
  type SettingName,
  type Settings,
  settingNames,
  settings,
  variableOf,
} from './settings.ts'
import { wantsDatabase } from './store-settings.ts'
import { parseVariables } from './variables.ts'

/** Where a program's settings come from. */
export interface SettingsSources {
  /** The words after the command. */
  readonly words: readonly string[]
  readonly flags: CommandFlags
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What a command was told. */
export interface ReadSettings {
  readonly settings: Settings
  /** The settings that were given, and are not just the defaults. */
  readonly given: ReadonlySet<SettingName>
  /** The switches of the command that were given. */
  readonly switches: ReadonlySet<string>
  /** The configuration file; null where none is named. */
  readonly config: string | null
}

/**
 * Reads the settings: a flag wins over a variable, a variable over the configuration file, and that
 * over the default.
 *
 * @throws CliError with every problem at once: `usage` where the command line has one, else `config`.
 */
export async function readSettings(sources: SettingsSources): Promise<ReadSettings> {
  const line = await parseCommandLine(sources.words, sources.flags)
  if (line.switches.has('help')) {
    return { settings: defaults(), given: new Set(), switches: line.switches, config: null }
  }
  const variables = await parseVariables(sources.environment)
  const path = line.config ?? variables.config
  const file = path === null ? null : await readConfigFile(path)

  const usage = [...line.problems]
  const config = [...variables.problems, ...(file?.problems ?? [])]
  const read: Map<SettingName, unknown> = new Map()
  for (const name of settingNames) {
    const { schema, isSecret, offCommandLine } = settings[name] as Setting<unknown>
    const take = async (value: unknown, source: string, problems: string[]): Promise<void> => {
      if (value === undefined) return
      const given = isSecret === true ? source.replace(/:$/, '') : `${source} ${format(value)}`
      const result = await v.safeParseAsync(schema, value)
      const isLine = problems === usage
      const refusal = result.success
        ? ((isLine ? offCommandLine?.(result.output) : null) ?? null)
        : result.issues[0].message
      if (refusal !== null) problems.push(`${given}: ${refusal}`)
      else if (result.success) read.set(name, result.output)
    }
    // Every source is checked, also where a stronger one wins: a mistake there is still one.
    await take(file?.values.get(name), `${path}: "${name}":`, config)
    await take(variables.values.get(name), `${variableOf(name)}:`, config)
    await take(line.values.get(name), flagGiven(line, name), usage)
  }
  if (usage.length > 0) throw new CliError(exitCodes.usage, [...usage, ...config])
  if (config.length > 0) throw new CliError(exitCodes.config, config)
  const { switches } = line
  return {
    settings: checked(withValues(read)),
    given: new Set(read.keys()),
    switches,
    config: path,
  }
}

function defaults(): Settings {
  return withValues(new Map())
}

function withValues(values: ReadonlyMap<SettingName, unknown>): Settings {
  const pairs = settingNames.map((name) => [
    name,
    values.has(name) ? values.get(name) : settings[name].default,
  ])
  return Object.fromEntries(pairs) as Settings
}

/** What only shows when all settings are together. */
function checked(all: Settings): Settings {
  if ((all.tlsCert === null) !== (all.tlsKey === null)) {
    throw new CliError(exitCodes.usage, ['--tls-cert and --tls-key: one needs the other'])
  }
  const needs = (name: string, isSet: boolean, needed: string, hasIt: boolean): void => {
    if (isSet && !hasIt) throw new CliError(exitCodes.usage, [`--${name}: needs --${needed}`])
  }
  needs('tls-client-ca', all.tlsClientCa !== null, 'tls-cert', all.tlsCert !== null)
  needs('tls-client-required', all.tlsClientRequired, 'tls-client-ca', all.tlsClientCa !== null)
  needs('anonymous-pull', all.anonymousPull, 'htpasswd', all.htpasswd !== null)
  needs('proxy-user', all.proxyUser !== null, 'trusted-proxies', all.trustedProxies.length > 0)
  if (all.anonymousPull && all.policy !== null) {
    throw new CliError(exitCodes.usage, [
      '--anonymous-pull: with --policy, a rule for anonymous callers says what they may do',
    ])
  }
  if (all.database !== null && all.databaseFile !== null) {
    throw new CliError(exitCodes.usage, ['--database and --database-file: one of them'])
  }
  if (all.memory && (wantsDatabase(all) || all.bucket !== null)) {
    throw new CliError(exitCodes.usage, [
      '--memory: keeps everything in memory; leave it out, or --database and --bucket',
    ])
  }
  const keys = all.bucketCredentialsFile !== null
  needs('bucket-credentials-file', keys, 'bucket', all.bucket !== null)
  needs('redirect', all.redirect !== 'off', 'bucket', all.bucket !== null)
  if (all.corsOrigins.length > 1 && all.corsOrigins.includes('*')) {
    throw new CliError(exitCodes.usage, ['--cors-origins: * stands for all, so it stands alone'])
  }
  if (
    all.maxRequestsPerSecond === null &&
    (all.requestBurst !== null || all.maxRequestsPerAddress !== null)
  ) {
    const needs = '--request-burst and --max-requests-per-address need --max-requests-per-second'
    throw new CliError(exitCodes.usage, [needs])
  }
  return all
}

function flagGiven(line: CommandLine, name: SettingName): string {
  const negated = settings[name].value === null && line.values.get(name) === 'false'
  return `--${negated ? 'no-' : ''}${flagOf(name)}`
}

function format(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
