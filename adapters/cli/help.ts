import { operations } from './admin/operations.ts'
import { everySetting } from './command-line.ts'
import { entry } from './help-entry.ts'
import { flagOf, type SettingName, settings } from './settings.ts'

/** The commands that are not operations, and what each is for. */
const ownCommands: ReadonlyArray<readonly [name: string, about: string]> = [
  ['serve', 'run the registry'],
  ['recover', 'find out what is wrong with a damaged store, and repair it'],
  ['copy', 'copy a registry from one place to another'],
  ['import', 'bring in an image layout, or the folder of another registry'],
  ['export', 'write an image layout'],
  ['backup', 'make a backup, while the registry is served or not'],
  ['restore', 'make a registry of a backup'],
  ['policy', 'check a policy, or ask what it decides and why'],
  ['user', 'add, change and remove users of an htpasswd file'],
  ['token', 'make, list and revoke API tokens for machines'],
  ['health', 'ask the server of this machine whether it is ready'],
]

const allCommands: ReadonlyArray<readonly [name: string, about: string]> = [
  ...ownCommands,
  ...[...operations].map(([name, { about }]) => [name, about] as const),
  ['retention check', 'say what is wrong with a retention policy'],
]

const widest: number = Math.max(...allCommands.map(([name]) => name.length)) + 2

/** What `layerdock --help` prints. */
export const overview: string = `Layerdock, an OCI Distribution registry.

${allCommands.map(([name, about]) => `  layerdock ${name.padEnd(widest)}${about}\n`).join('')}\
  layerdock --version
  layerdock COMMAND --help
`

/** What `layerdock serve --help` prints. */
export const serveHelp: string = `layerdock serve: run the registry until SIGTERM or SIGINT.

${listOf(everySetting.settings)}
${entry('--config FILE', 'a JSON file of settings, such as {"listen": ":5000", "deletes": false}')}

Every setting has three names: --storage-dir on the command line, LAYERDOCK_STORAGE_DIR in the
environment (LAYERDOCK_CONFIG names the file), "storageDir" in the file. The command line wins over
the environment, and that over the file. A switch can be turned off: --no-deletes,
LAYERDOCK_DELETES=false. Sizes are bytes or 512KiB, 4MiB, 10GB; times are 500ms, 30s, 5m, 24h.

Names and bytes are in --storage-dir, which one server has at a time. With --database and --bucket
they are in PostgreSQL and S3, and any number of servers may share them behind a load balancer,
without sticky sessions. Keys of tokens are in the database then; each server reads files of users,
policy and API tokens itself. --bucket alone moves the bytes, --database alone the names, for one
server. docs/scale-out.md tells the rest.

Beside /v2 it answers / (a web page for browsers, and how to push for others), /live (200 while the
process runs), /ready (503 while starting, draining, or while the storage, the database or the
bucket cannot be used, and why) and /healthz (each part, as JSON; also 503 while the disk is full,
which /ready is not: pulls go on). docs/page.md tells of the web page. With --metrics or
--metrics-listen it answers /metrics for Prometheus, and docs/monitor.md tells the rest.

After SIGTERM or SIGINT, requests under way may continue for --drain-seconds. Until they have ended,
new requests get 503, except /live, /ready and /healthz; then the server ends. With --drain-delay it
first serves as usual for a while, with /ready at 503. What came of an unfinished upload is kept:
another server, or the next start, continues it. A second signal ends the server at once.

Where a server asks for a login, layerdock user, token and policy keep its files, and
docs/users-and-ci.md tells the rest.

SIGHUP reloads the configuration file: --log, --tls-cert and --tls-key change at once, the log
names what waits for a restart. Changes of certificates, users, API tokens and the policy are
noticed without it. SIGUSR2 reopens --log-file and --audit-log, and so does SIGHUP.
docs/monitor.md tells of logs and traces.

Exit codes: 0 after a clean stop, 1 for a problem, 2 for a wrong command line, 78 for a wrong
variable, configuration file, certificate, key or file of users, tokens or policy.
`

/** What `layerdock recover --help` prints. */
export const recoverHelp: string = `layerdock recover: find out why a store does not open, and repair it.

Stop the server first, then look, which changes nothing that is whole:

  npx layerdock recover --storage-dir ${settings.storageDir.defaultText}

It says what is damaged and which of these would help:

${entry('--accept-loss', 'continue with what is whole, if the end of the journal is lost')}
${entry('--accept-copy', 'open a folder that was copied while its server wrote it, without what it lacks')}
${entry('--restore-marker', 'write store.json again, if only that is lost or damaged')}
${entry('--start-empty', 'the last resort: move the files of the names to quarantine/ and start without names. No repository, tag or manifest is left; every blob is, so a new push finds its layers in place')}

${entry('--storage-dir DIR', `the folder of the store (${settings.storageDir.defaultText})`)}
${entry('--config FILE', 'a JSON file of settings')}

Looking repairs what costs nothing: a damaged snapshot that others can replace is moved to
quarantine/, and the unfinished end of a journal is cut off and kept there. Nothing is ever deleted,
and blobs are not read.

Exit codes: 0 where the store opens, 1 where it does not or the command cannot help, 2 for a wrong
command line.
`

/** The settings of the table, as lines of help. */
export function listOf(names: readonly SettingName[]): string {
  return names.map(line).join('\n')
}

function line(name: SettingName): string {
  const { value, defaultText, help, default: initially } = settings[name]
  const flag = flagOf(name)
  if (value !== null) {
    return entry(
      `--${flag} ${value}`,
      defaultText === undefined ? help : `${help} (${defaultText})`,
    )
  }
  return entry(initially === true ? `--no-${flag}` : `--${flag}`, help)
}
