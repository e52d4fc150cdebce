/** What a database URL says, without its secrets. */
export interface DatabaseUrl {
  /** Hosts and the name of the database, for people: `db.example:5432/registry`. */
  readonly place: string
  /** Whether a password stands in it. */
  readonly hasPassword: boolean
}

/** `postgres://`, who logs in, hosts, the name of the database, settings. A host may be percent-encoded. */
const shape = /^postgres(?:ql)?:\/\/(?:([^/?#@]*)@)?([^/?#@]*)(?:\/([^/?#@]*))?(?:\?([^#@]*))?$/

/** Parameters that hold a secret. */
const secretName = /pass|secret|token/i

/**
 * Parses the URL of a PostgreSQL database; null where it is none, or where it is not clear which part of it is
 * the password: one with an `@`, `/`, `?` or `#` in it has to be percent-encoded.
 *
 * @param environment whose `PG…` variables stand in for what the URL leaves out
 */
export function parseDatabaseUrl(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): DatabaseUrl | null {
  const match = shape.exec(text.trim())
  if (match === null) return null
  const [, login = '', hosts = '', name = '', query = ''] = match
  const parameters = new URLSearchParams(query)
  const user = login.split(':', 1)[0] ?? ''
  const host = decoded(hosts) || environment.PGHOST || 'localhost'
  const port = environment.PGPORT
  const database = decoded(name) || environment.PGDATABASE || decoded(user) || environment.PGUSER
  return {
    place: `${host}${port === undefined || hosts !== '' ? '' : `:${port}`}/${database ?? ''}`,
    hasPassword:
      login.includes(':') || [...parameters.keys()].some((parameter) => secretName.test(parameter)),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
