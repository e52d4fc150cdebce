import type { S3Options } from './options.ts'

/** Parameters of the URL, and the options they are. */
const parameters = ['endpoint', 'public-endpoint', 'region', 'path-style'] as const

/**
 * Reads options from a URL: `s3://bucket/prefix?endpoint=…&public-endpoint=…&region=…&path-style=true`. Credentials
 * have no place in it, since a URL ends up in logs and lists of processes.
 *
 * @throws TypeError that says what is wrong
 *
 * @example
 * const options = s3Options('s3://images/registry?endpoint=http://127.0.0.1:8333')
 */
export function s3Options(url: string): S3Options {
  const parsed = URL.canParse(url) ? new URL(url) : null
  // The URL itself is not repeated: it may hold what should not be there.
  if (parsed === null || parsed.protocol !== 's3:' || parsed.hostname === '') {
    throw new TypeError('expected s3://bucket/prefix?endpoint=https://host')
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new TypeError(
      'credentials do not belong in the URL: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    )
  }
  if (parsed.port !== '')
    throw new TypeError('a port belongs to the endpoint: s3://bucket?endpoint=http://host:port')
  const { searchParams } = parsed
  for (const name of searchParams.keys()) {
    if (!parameters.some((known) => known === name)) {
      throw new TypeError(
        `${JSON.stringify(name.slice(0, 40))} is not one of ${parameters.join(', ')}`,
      )
    }
    if (searchParams.getAll(name).length > 1) throw new TypeError(`${name} is given twice`)
  }
  const given = (name: (typeof parameters)[number]): string | undefined => {
    const value = searchParams.get(name) ?? undefined
    if (value === '') throw new TypeError(`${name} is empty`)
    return value
  }
  const pathStyle = given('path-style')
  if (pathStyle !== undefined && pathStyle !== 'true' && pathStyle !== 'false') {
    throw new TypeError('path-style is true or false')
  }
  const prefix = pathOf(parsed)
  const [endpoint, publicEndpoint, region] = [
    given('endpoint'),
    given('public-endpoint'),
    given('region'),
  ]
  return {
    bucket: parsed.hostname,
    ...(prefix === '' ? {} : { prefix }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(publicEndpoint === undefined ? {} : { publicEndpoint }),
    ...(region === undefined ? {} : { region }),
    ...(pathStyle === undefined ? {} : { pathStyle: pathStyle === 'true' }),
  }
}

function pathOf({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '')
  } catch {
    throw new TypeError('the prefix has a % that encodes nothing')
  }
}
