import { accessSettings } from '../../adapters/cli/access-settings.ts'
import { adminSettings } from '../../adapters/cli/admin-settings.ts'
import { maintenanceSettings } from '../../adapters/cli/maintenance-settings.ts'
import { pageSettings } from '../../adapters/cli/page-settings.ts'
import { requestLimitSettings } from '../../adapters/cli/request-limit-settings.ts'
import { retentionSettings } from '../../adapters/cli/retention-settings.ts'
import {
  flagOf,
  type SettingName,
  settingNames,
  settings,
  variableOf,
} from '../../adapters/cli/settings.ts'
import { storeSettings } from '../../adapters/cli/store-settings.ts'
import { verifySettings } from '../../adapters/cli/verify-settings.ts'

/** The sections of the page, by names or by what their names begin with. */
const sections: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['Where it listens', ['listen', 'tlsCert', 'tlsKey', 'trustedProxies', 'corsOrigins']],
  ['Where it keeps everything', ['storageDir', 'memory', ...Object.keys(storeSettings)]],
  ['Who may do what', Object.keys(accessSettings)],
  ['What it takes', ['readOnly', 'deletes', 'allowSparse']],
  ['Logs', ['log', 'logFormat', 'logFile', 'logLevel']],
  ['Limits of requests', Object.keys(requestLimitSettings)],
  [
    'What is deleted, and when',
    ['lease', ...Object.keys(maintenanceSettings), ...Object.keys(retentionSettings)],
  ],
  ['Verification', Object.keys(verifySettings)],
  ['The web page', Object.keys(pageSettings)],
  ['Commands', Object.keys(adminSettings)],
  ['Metrics', settingNames.filter((name) => name.startsWith('metrics'))],
  ['Webhooks', settingNames.filter((name) => name.startsWith('webhooks'))],
]

const head = `# Settings

[All pages](README.md)

Every setting of \`layerdock serve\`. This page is written by \`npm run docs\`, from the table that the server reads.

Each setting has three names: a flag, a variable, and a field of a JSON file (\`--config FILE\`, or \`LAYERDOCK_CONFIG\`). The
command line wins over the environment, and that over the file. A switch can be turned off: \`--no-deletes\`,
\`LAYERDOCK_DELETES=false\`, \`"deletes": false\`. Sizes are bytes or \`512KiB\`, \`4MiB\`, \`10GB\`; times are \`500ms\`, \`30s\`, \`5m\`,
\`24h\`, and where days make sense, \`30d\`.

\`\`\`json
{ "listen": ":5000", "storageDir": "/srv/registry", "htpasswd": "/etc/layerdock/users.htpasswd", "deletes": false }
\`\`\`

A name that does not exist, or a value that cannot be right, stops the start and names the nearest one
there is, also for flags of other registries.

| signal | does |
|---|---|
| SIGTERM, SIGINT | lets requests under way finish, for \`--drain-seconds\`, keeps what came of the uploads that do not, and ends |
| SIGHUP | reloads the certificate, the log level and the configuration file. The log says which other settings wait for a restart. A renewed certificate is also noticed without it |
`

/** What `docs/settings.md` has to be. */
export function settingsPage(): string {
  const told = new Set(sections.flatMap(([, names]) => names))
  const others = settingNames.filter((name) => !told.has(name))
  const all = [...sections, ['Limits and timeouts', others] as const]
  const tables = all.map(([title, names]) => tableOf(title, names)).filter((table) => table !== '')
  return `${head}\n${tables.join('\n')}`
}

function tableOf(title: string, names: readonly string[]): string {
  const known = settingNames.filter((name) => names.includes(name))
  if (known.length === 0) return ''
  return `## ${title}

| flag | variable | file | default | does |
|---|---|---|---|---|
${known.map(rowOf).join('\n')}
`
}

function rowOf(name: SettingName): string {
  const { value, default: initially, defaultText, help } = settings[name]
  const isOn = value === null && initially === true
  const flag = `--${isOn ? 'no-' : ''}${flagOf(name)}${value === null ? '' : ` ${value}`}`
  const variable = `${variableOf(name)}${isOn ? '=false' : ''}`
  const words =
    value === null
      ? isOn
        ? 'on'
        : 'off'
      : defaultText === undefined
        ? 'none'
        : `\`${defaultText}\``
  const does = help
    .replaceAll('|', '\\|')
    .replace(/<(?=\w)/g, '&lt;')
    .replaceAll('*', '\\*')
  return `| \`${flag}\` | \`${variable}\` | \`${name}\` | ${words} | ${does} |`
}
