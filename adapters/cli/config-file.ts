import { insteadOf } from './foreign-settings.ts'
import { nearest } from './nearest.ts'
import { readText } from './read-text.ts'
import { flagOf, type SettingName, settingNames, settings } from './settings.ts'

/** The settings of a configuration file. */
export interface ConfigFile {
  readonly values: ReadonlyMap<SettingName, unknown>
  readonly problems: readonly string[]
}

/** Reads a configuration file: one JSON object, its keys the names of settings. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  let document: unknown
  let text = ''
  try {
    text = readText(path)
    document = JSON.parse(text)
  } catch (error) {
    const problem = error instanceof SyntaxError ? await notJson(text) : reason(error)
    return { values: new Map(), problems: [`${path}: ${problem}`] }
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    const example = '{"listen": "127.0.0.1:5000"}'
    return { values: new Map(), problems: [`${path}: is not one JSON object such as ${example}`] }
  }
  const values: Map<SettingName, unknown> = new Map()
  const problems: string[] = []
  for (const [key, value] of Object.entries(document)) {
    const setting = settingNames.find((name) => name === key)
    if (setting === undefined) {
      problems.push(`${path}: "${key}": no such setting; ${await hint(key)}`)
    } else values.set(setting, value)
  }
  return { values, problems }
}

async function notJson(text: string): Promise<string> {
  const { placeOfJsonError } = await import('../../src/access/policy/json-place.ts')
  const place = placeOfJsonError(text)
  return place === null ? 'is not JSON' : `is not JSON from ${place} on`
}

async function hint(key: string): Promise<string> {
  const name = flagOf(key)
  const byAlias = settingNames.find((setting) => settings[setting].alias?.includes(name))
  if (byAlias === undefined) {
    const instead = insteadOf(name)
    if (instead !== null) return instead
  }
  return `did you mean "${byAlias ?? (await nearest(key, settingNames))}"?`
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'the file may not be read by this user'
  if (code === 'EISDIR') return 'is a folder'
  return error instanceof Error ? error.message : String(error)
}
