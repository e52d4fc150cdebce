import { insteadOf } from './foreign-settings.ts'
import { nearest } from './nearest.ts'
import { type SettingName, settingNames, settings, variableOf } from './settings.ts'

/** The variable that names the configuration file. */
const configVariable = 'LAYERDOCK_CONFIG'

/** The settings of the environment. */
export interface Variables {
  readonly values: ReadonlyMap<SettingName, string>
  readonly config: string | null
  readonly problems: readonly string[]
}

/**
 * What Kubernetes puts into every container of a namespace that has a service called `layerdock` or
 * `layerdock-something`: no settings of ours, though they begin like them.
 */
const kubernetesName =
  /^LAYERDOCK_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/
const kubernetesPort = /^LAYERDOCK_(?:[A-Z0-9_]+_)?PORT$/

/**
 * Settings without which callers may do more, or everything is kept in another place. An empty variable is often a name that was mistyped where the value
 * was to come from, so for these it is a problem.
 */
const restrictions: ReadonlySet<SettingName> = new Set([
  'htpasswd',
  'policy',
  'proxyUser',
  'tlsClientCa',
  'tlsClientRequired',
  'readOnly',
  'deletes',
  'database',
  'databaseFile',
  'bucket',
  'metricsTokenFile',
  'metricsListen',
])

/**
 * Parses the variables that begin with LAYERDOCK_. An empty one counts as not set, or is a problem where that
 * would open a door.
 */
export async function parseVariables(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Variables> {
  const settingOf = new Map(settingNames.map((name) => [variableOf(name), name]))
  const values: Map<SettingName, string> = new Map()
  const problems: string[] = []
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('LAYERDOCK_') || value === undefined) continue
    const setting = settingOf.get(variable)
    if (value === '') {
      const restricts = setting !== undefined && restrictions.has(setting)
      if (restricts || variable === configVariable) problems.push(`${variable}: ${isEmpty}`)
      continue
    }
    if (setting !== undefined) values.set(setting, value)
    else if (variable !== configVariable && !isKubernetes(variable, value)) {
      problems.push(`${variable}: no such setting; ${await hint(variable)}`)
    }
  }
  return { values, config: environment[configVariable] || null, problems }
}

const isEmpty = 'is empty, so it would not be asked for; give it a value, or unset it'

function isKubernetes(variable: string, value: string): boolean {
  if (kubernetesName.test(variable)) return true
  // A port that a person set is a mistake worth naming.
  return kubernetesPort.test(variable) && /^(?:tcp|udp|sctp):\/\//.test(value)
}

async function hint(variable: string): Promise<string> {
  const name = variable.slice('LAYERDOCK_'.length).toLowerCase().replaceAll('_', '-')
  const byAlias = settingNames.find((setting) => settings[setting].alias?.includes(name))
  if (byAlias !== undefined) return `did you mean ${variableOf(byAlias)}?`
  const names = [...settingNames.map(variableOf), configVariable]
  return insteadOf(name) ?? `did you mean ${await nearest(variable, names)}?`
}
