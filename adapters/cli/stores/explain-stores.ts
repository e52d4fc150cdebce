import type { Explanation } from './wait-for.ts'

/** What went wrong at the bottom of an error: its codes and its message. */
interface Cause {
  readonly name: string
  readonly code: string | null
  readonly message: string
}

/** Codes of the system in a message, where the error does not have them itself. */
function codeIn(message: string): string | null {
  if (/connection refused/i.test(message)) return 'ECONNREFUSED'
  return /\b(?:E[A-Z]{5,}|EAI_AGAIN)\b/.exec(message)?.[0] ?? null
}

/** The error, what caused it, and so on. */
function causesOf(error: unknown): readonly Cause[] {
  const causes: Cause[] = []
  for (let at = error; at instanceof Error && causes.length < 10; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : null
    causes.push({ name: at.name, code, message: at.message })
    // What several addresses of a host answered.
    if (at instanceof AggregateError && at.cause === undefined) {
      causes.push(...causesOf(at.errors[0]))
    }
  }
  return causes
}

/** What to say, given what was told. */
type Advise = (told: string) => Explanation
/** The same by codes. */
type Advice = ReadonlyMap<string, Advise>

/** What to do about a database that refuses, by its SQLSTATE. */
const databaseAdvice: Advice = new Map<string, Advise>([
  [
    '28P01',
    final(
      'refuses the password. Set PGPASSWORD, or put it into LAYERDOCK_DATABASE or --database-file',
    ),
  ],
  [
    '28000',
    (told) => ({
      text: `refuses the login: ${told}. Create the user, let it in (pg_hba.conf), or ask for TLS with ?sslmode=require`,
      isFinal: true,
    }),
  ],
  ['3D000', final('has no such database. Create it (createdb NAME), or correct the URL')],
  [
    '42501',
    (told) => ({
      text: `does not let this user make or use tables: ${told}. Run as its owner: grant create, usage on schema public to USER`,
      isFinal: true,
    }),
  ],
  ['25006', waits('only reads: it is a replica, or takes no writes now. Name the primary')],
  ['CONNECTION_DESTROYED', waits('only reads: it is a replica. Name the primary')],
  ['53300', waits('has no connection left. Raise its max_connections, or lower --pool-size')],
  ['57P03', waits('is starting')],
  ['ENOENT', waits('does not answer: its socket is not there')],
  [
    '26000',
    final(
      'forgets prepared statements, as PgBouncer does when it pools transactions: give --no-prepared-statements',
    ),
  ],
  [
    '42P05',
    final(
      'mixes up prepared statements, as PgBouncer does when it pools transactions: give --no-prepared-statements',
    ),
  ],
])

/** What to do about a host that cannot be reached, by the system's code. */
const networkAdvice: Advice = new Map<string, Advise>([
  ['ECONNREFUSED', waits('does not answer: nothing listens there')],
  ['ENOTFOUND', waits('cannot be found: there is no such host')],
  ['EAI_AGAIN', waits('cannot be found: no name server answers')],
  ['ETIMEDOUT', waits('does not answer')],
  ['CONNECT_TIMEOUT', waits('does not answer')],
  ['EHOSTUNREACH', waits('cannot be reached from here')],
  ['ENETUNREACH', waits('cannot be reached from here')],
  ['ECONNRESET', waits('hung up')],
  ['CONNECTION_CLOSED', waits('hung up')],
  ...[
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  ].map((code): [string, Advise] => [
    code,
    final(
      'has a certificate that this machine does not trust: name its authority with NODE_EXTRA_CA_CERTS',
    ),
  ]),
  ['ERR_TLS_CERT_ALTNAME_INVALID', final('has a certificate for another name')],
  ['CERT_HAS_EXPIRED', final('has a certificate that has expired')],
])

/** What to do about a bucket that refuses, by S3's code. */
const bucketAdvice: Advice = new Map<string, Advise>([
  ['NoSuchBucket', final('is not there. Create it, or correct its name, endpoint and region')],
  [
    'AccessDenied',
    final(
      'refuses: these keys may not do that. They need s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListBucket',
    ),
  ],
  [
    'InvalidAccessKeyId',
    final('does not know the access key. Correct AWS_ACCESS_KEY_ID or the endpoint'),
  ],
  ['SignatureDoesNotMatch', final('refuses the secret key. Correct AWS_SECRET_ACCESS_KEY')],
  ['AuthorizationHeaderMalformed', final('is in another region: give region= in --bucket')],
  ['PermanentRedirect', final('is in another region: give region= in --bucket')],
  ['RequestTimeTooSkewed', final('says that the clock of this machine is wrong')],
  ['ExpiredToken', final('says that the keys have expired. Renew them')],
  ['InvalidToken', final('refuses the session token. Correct AWS_SESSION_TOKEN')],
])

/** Why a database could not be opened, and what to do. */
export function explainDatabase(error: unknown, place: string): Explanation {
  return explain(`the database ${place}`, error, [databaseAdvice, networkAdvice])
}

/** Why a bucket could not be used, and what to do. */
export function explainBucket(error: unknown, place: string): Explanation {
  return explain(`the bucket ${place}`, error, [bucketAdvice, networkAdvice])
}

function explain(where: string, error: unknown, tables: readonly Advice[]): Explanation {
  const causes = causesOf(error)
  for (const { code, message } of causes) {
    for (const table of tables) {
      const advise = table.get(code ?? '') ?? table.get(codeIn(message) ?? '')
      if (advise === undefined) continue
      const { text, isFinal } = advise(message)
      return { text: `${where} ${text}`, isFinal }
    }
  }
  const last = causes.at(-1)
  const text = `${where} cannot be used: ${last?.message ?? String(error)}`
  // What our stores do not call an outage will not pass.
  return { text, isFinal: !causes.some(({ name }) => name === 'RegistryError') }
}

function final(text: string): () => Explanation {
  return () => ({ text, isFinal: true })
}

function waits(text: string): () => Explanation {
  return () => ({ text, isFinal: false })
}
