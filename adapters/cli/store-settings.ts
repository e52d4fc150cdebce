import * as v from 'valibot'
import { size } from './quantities.ts'
import { counted, type Setting, sized, switched, timed } from './setting.ts'
import { parseDatabaseUrl } from './stores/database-url.ts'

/** Whether clients fetch blobs from the bucket itself: all, none, or those of this many bytes and more. */
export type Redirect = 'on' | 'off' | number

/** Where names and bytes are kept, if not in a folder. */
export interface StoreSettings {
  /** The URL of a PostgreSQL database. It may have a password. */
  readonly database: string | null
  /** A file that holds such a URL. */
  readonly databaseFile: string | null
  readonly poolSize: number
  /** Whether connections prepare statements. */
  readonly preparedStatements: boolean
  /** The URL of a bucket, without credentials. */
  readonly bucket: string | null
  /** A file of keys for the bucket, as the AWS tools write it. */
  readonly bucketCredentialsFile: string | null
  readonly redirect: Redirect
  /** How large a blob may be that is kept in the database, in bytes. */
  readonly smallBlobs: number
  /** How long bytes are kept that nothing in the database names any more, in milliseconds. */
  readonly keepDeleted: number
  /** How long a start waits for database and bucket, in milliseconds. */
  readonly storeWait: number
}

/** Whether names are kept in a database. */
export function wantsDatabase({ database, databaseFile }: StoreSettings): boolean {
  return database !== null || databaseFile !== null
}

/** Why a database URL may not stand on the command line; null where it may. */
function offCommandLine(url: string | null): string | null {
  if (url === null || parseDatabaseUrl(url)?.hasPassword !== true) return null
  return 'has a password, which every user of this machine could read: put the URL into LAYERDOCK_DATABASE or a file (--database-file), or the password alone into PGPASSWORD'
}

const notDatabase =
  'is not a URL such as postgres://user@host:5432/database; percent-encode @, /, ? and # in its password'

const databaseUrl: v.GenericSchema<unknown, string> = v.pipe(
  v.string(notDatabase),
  v.transform((text) => text.trim()),
  v.check((text) => parseDatabaseUrl(text) !== null, notDatabase),
)

const notBucket = 'is not a URL such as s3://bucket/prefix?endpoint=https://s3.example.com'

const bucketUrl: v.GenericSchema<unknown, string> = v.pipe(
  v.string(notBucket),
  v.regex(/^s3:\/\//, notBucket),
  v.check(
    (text) =>
      !/^s3:\/\/[^/?]*@/.test(text) && !/[?&][^=&]*(?:secret|access-?key|token)/i.test(text),
    'has credentials in it: put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a file (--bucket-credentials-file)',
  ),
)

const notRedirect = 'is neither on nor off nor a size such as 1MiB'

const redirectWords: ReadonlyMap<unknown, Redirect> = new Map<unknown, Redirect>([
  ['on', 'on'],
  ['true', 'on'],
  [true, 'on'],
  ['off', 'off'],
  ['false', 'off'],
  [false, 'off'],
])

const redirect: v.GenericSchemaAsync<unknown, Redirect> = v.unionAsync(
  [
    v.pipe(
      v.unknown(),
      v.check((value) => redirectWords.has(value)),
      v.transform((value) => redirectWords.get(value) ?? 'off'),
    ),
    size,
  ],
  notRedirect,
)

const text: v.GenericSchema<unknown, string> = v.pipe(
  v.string('is not a text'),
  v.nonEmpty('is empty'),
)

/** Their part of the table of settings. */
export const storeSettings: { readonly [K in keyof StoreSettings]: Setting<StoreSettings[K]> } = {
  database: {
    schema: databaseUrl,
    default: null,
    value: 'URL',
    help: 'keep names in PostgreSQL: postgres://user@host:5432/database. With --bucket any number of servers may share it; without, one, which keeps bytes in --storage-dir. A password belongs in LAYERDOCK_DATABASE, PGPASSWORD or a file',
    isSecret: true,
    offCommandLine,
    alias: ['db', 'postgres', 'postgresql', 'database-url', 'pg', 'dsn', 'sql'],
  },
  databaseFile: {
    schema: text,
    default: null,
    value: 'FILE',
    help: 'a file that holds such a URL, with its password',
    alias: ['database-url-file', 'db-file'],
  },
  poolSize: counted(10, 1, 'connections to the database, at most'),
  preparedStatements: switched(
    true,
    'prepare no statements: for a PgBouncer that pools transactions and does not keep them',
    ['prepare', 'pgbouncer'],
  ),
  bucket: {
    schema: bucketUrl,
    default: null,
    value: 'URL',
    help: 'keep bytes in S3: s3://bucket/prefix, with ?endpoint=, region=, path-style= and public-endpoint= for services other than AWS. Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a file',
    isSecret: true,
    alias: ['s3', 's3-bucket', 'storage-bucket', 'bucket-url'],
  },
  bucketCredentialsFile: {
    schema: text,
    default: null,
    value: 'FILE',
    help: 'keys for the bucket, as the AWS tools write them, of the profile in AWS_PROFILE; read again when it changes',
    alias: ['aws-credentials', 'credentials-file', 's3-credentials'],
  },
  redirect: {
    schema: redirect,
    default: 'off',
    defaultText: 'off',
    value: 'WHEN',
    help: 'have clients fetch blobs from the bucket: on, off, or a size from which on. They need to reach it: public-endpoint= of --bucket says where',
    alias: ['presign', 'redirects', 'presigned-urls'],
  },
  smallBlobs: sized(
    64 * 1024,
    '64KiB',
    'the largest manifest or blob that is kept in the database, in place of the bucket',
  ),
  keepDeleted: timed(
    30 * 60_000,
    '30m',
    'how long bytes stay in the bucket once nothing in the database names them: for clients that have just seen them, and for a database that is restored from a backup',
  ),
  storeWait: timed(
    30_000,
    '30s',
    'how long a start waits for a database or bucket that does not answer',
  ),
}
