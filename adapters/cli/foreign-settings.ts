import { flagOf, settingNames, settings } from './settings.ts'

/** What other registries call a setting that Layerdock has under another name, or does not have. */
interface Foreign {
  /** In lower case, with dashes. */
  readonly names: readonly string[]
  /** What there is instead, to follow "no such flag; ". `value` is what was given, if anything was. */
  readonly instead: (value: string | null) => string
}

const users = 'did you mean --htpasswd FILE? layerdock user add writes such a file'

const foreign: readonly Foreign[] = [
  {
    names: ['port', 'p'],
    instead: (value) => `did you mean --listen 127.0.0.1:${isPort(value) ? value : 'PORT'}?`,
  },
  {
    names: ['host', 'hostname', 'addr', 'address', 'bind', 'http-addr', 'interface', 'ip'],
    instead: (value) => `did you mean --listen ${isHost(value) ? value : 'HOST'}:5000?`,
  },
  {
    names: ['tls', 'https', 'ssl', 'tls-certificate', 'certificate', 'cert', 'key', 'http-tls'],
    instead: () => 'did you mean --tls-cert FILE and --tls-key FILE?',
  },
  {
    names: ['auth', 'auth-htpasswd', 'user', 'users', 'username', 'password'],
    instead: () => users,
  },
  {
    names: ['verbose', 'debug', 'v'],
    instead: () => 'did you mean --log debug?',
  },
  {
    names: ['quiet', 'q', 'silent'],
    instead: () => 'did you mean --log warn?',
  },
  {
    names: ['storage-driver', 'driver', 'gcs', 'azure'],
    instead: () =>
      'bytes are in a folder, --storage-dir DIR, or in S3: --bucket s3://BUCKET; names there, or in PostgreSQL: --database URL',
  },
  {
    names: ['database-password', 'db-password', 'pgpassword'],
    instead: () => 'a password belongs in PGPASSWORD, LAYERDOCK_DATABASE or --database-file FILE',
  },
  {
    names: ['access-key', 'secret-key', 'access-key-id', 'secret-access-key', 's3-access-key'],
    instead: () =>
      'keys belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --bucket-credentials-file FILE',
  },
  {
    names: ['endpoint', 's3-endpoint', 'region', 's3-region', 'path-style', 'public-endpoint'],
    instead: () => 'did you mean --bucket s3://BUCKET?endpoint=URL&region=REGION?',
  },
  {
    names: ['proxy', 'mirror', 'upstream', 'proxy-remoteurl', 'remote-url'],
    instead: () => 'it keeps what is pushed to it, and fetches from no other registry',
  },
]

/**
 * What there is in place of a setting of another registry; null where the name means nothing.
 *
 * @param name as on a command line, without its dashes
 */
export function insteadOf(name: string, value: string | null = null): string | null {
  const found = foreign.find(({ names }) => names.includes(name))
  if (found !== undefined) return found.instead(value)
  const setting = settingNames.find((candidate) => settings[candidate].alias?.includes(name))
  return setting === undefined ? null : `did you mean --${flagOf(setting)}?`
}

function isPort(text: string | null): text is string {
  return text !== null && /^[0-9]{1,5}$/.test(text)
}

function isHost(text: string | null): text is string {
  return text !== null && /^[a-z0-9.-]+$/i.test(text)
}
