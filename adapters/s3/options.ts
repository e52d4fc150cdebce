import type { S3Transport } from './transport.ts'

/** A key to the bucket. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of credentials that are lent for a time. */
  readonly sessionToken?: string
  /** Until when they are good. Default: for ever. */
  readonly expiration?: Date
}

/** Settings of {@link s3Blobs}. */
export interface S3Options {
  readonly bucket: string
  /** What stands before every key, without slashes at its ends, such as `registry/blobs`. Default: nothing. */
  readonly prefix?: string
  /** Default: `AWS_REGION` or `AWS_DEFAULT_REGION` of the environment, then `us-east-1`; `auto` on R2. */
  readonly region?: string
  /** Where the store is, such as `http://127.0.0.1:8333`. Default: AWS, in the region. */
  readonly endpoint?: string
  /** Where clients reach the store, for redirects alone. Default: the endpoint. */
  readonly publicEndpoint?: string
  /** Whether the bucket stands in the path and not in the host name. Default: where an endpoint is given. */
  readonly pathStyle?: boolean
  /**
   * The credentials, or a function that gets them: it is asked again before they expire, after a minute where
   * they do not say when, and when the store refuses them. Default: `AWS_ACCESS_KEY_ID`,
   * `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` of the environment.
   */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>)
  /**
   * Called with each request that was answered, or was not: S3's name for the call, how long it took until the answer
   * began, in seconds, and whether it failed. That something is not there is no failure. It must not throw.
   */
  readonly onCall?: (operation: string, seconds: number, isFailed: boolean) => void
  /** What carries requests. Default: `node:http` and `node:https` on Node, `fetch` elsewhere. */
  readonly transport?: S3Transport
  /** Connections at once, where the transport is Node's, and four times as many for reading blobs. Default: 256. */
  readonly sockets?: number
  /**
   * Bytes of a part at first; they grow with the number of parts, so that 10,000 of them reach 1 TiB. Default:
   * 8 MiB, since each part is a request; the least S3 takes is 5 MiB.
   */
  readonly partBytes?: number
  /** Whether all parts but the last have to be of one size. Default: on R2. */
  readonly equalParts?: boolean
  /** Memory for the parts of all uploads together, in bytes. Default: 256 MiB. */
  readonly bufferBytes?: number
  /** Blobs of up to so many bytes are read whole when they are opened. Default: 64 KiB. */
  readonly wholeBytes?: number
  /** How many times a request is tried again; once, where it met with silence for `idleMs`. Default: 5. */
  readonly retries?: number
  /** The longest wait before a request is tried again, in milliseconds. Default: 5 s. */
  readonly longestWaitMs?: number
  /** How long nothing may move before a request counts as lost, in milliseconds. Default: 30 s. */
  readonly idleMs?: number
  /** How long the store may take to put an upload's parts together, in milliseconds. Default: 5 minutes. */
  readonly completeMs?: number
  /**
   * Whether a CRC-32 is sent with every part, where the runtime has a fast one. Default: yes, but not on R2,
   * Backblaze B2 and Google Cloud Storage.
   */
  readonly checksums?: boolean
  /**
   * Whether no object may be written twice (`If-None-Match`), so that the store itself keeps the rule that a key
   * is used once. Default: yes, but not on Backblaze B2 and Google Cloud Storage; some others do not know it either.
   */
  readonly conditionalWrites?: boolean
}

const mib = 1024 * 1024

/** The least bytes of a part that is not the last. */
export const smallestPart: number = 5 * mib

/** {@link S3Options} with everything decided. */
export interface S3Settings {
  readonly bucket: string
  /** With a slash at its end, or empty. */
  readonly prefix: string
  readonly region: string
  /** The URL of the bucket, with a slash at its end. */
  readonly base: URL
  /** The same as clients reach it. */
  readonly publicBase: URL
  readonly partBytes: number
  readonly equalParts: boolean
  readonly bufferBytes: number
  readonly wholeBytes: number
  readonly retries: number
  readonly longestWaitMs: number
  readonly idleMs: number
  readonly completeMs: number
  readonly checksums: boolean
  readonly conditionalWrites: boolean
}

/** Decides what the options leave open. @throws TypeError that says what is wrong. */
export function settingsOf(options: S3Options): S3Settings {
  const { bucket, partBytes = 8 * mib } = options
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/.test(bucket)) {
    throw new TypeError(`${JSON.stringify(bucket)} is not the name of a bucket`)
  }
  if (partBytes < smallestPart) throw new TypeError('partBytes: S3 takes no part under 5 MiB')
  const differs = differencesOf(options.endpoint)
  const region = options.region ?? differs.region ?? regionHere()
  const endpoint = options.endpoint ?? awsEndpoint(region)
  const pathStyle = options.pathStyle ?? (options.endpoint !== undefined || bucket.includes('.'))
  return {
    bucket,
    prefix: prefixOf(options.prefix ?? ''),
    region,
    base: baseOf('endpoint', endpoint, bucket, pathStyle),
    publicBase: baseOf('publicEndpoint', options.publicEndpoint ?? endpoint, bucket, pathStyle),
    partBytes,
    equalParts: options.equalParts ?? differs.equalParts ?? false,
    bufferBytes: options.bufferBytes ?? 256 * mib,
    wholeBytes: options.wholeBytes ?? 64 * 1024,
    retries: options.retries ?? 5,
    longestWaitMs: options.longestWaitMs ?? 5000,
    idleMs: options.idleMs ?? 30_000,
    completeMs: options.completeMs ?? 300_000,
    checksums: options.checksums ?? differs.checksums ?? true,
    conditionalWrites: options.conditionalWrites ?? differs.conditionalWrites ?? true,
  }
}

/** A variable of the environment, where the runtime has one. */
export function environment(name: string): string | undefined {
  const { process } = globalThis as { readonly process?: { readonly env?: Record<string, string> } }
  return process?.env?.[name] || undefined
}

/** What is known of services that differ: the ends of their host names. */
const services: readonly (readonly [end: string, differs: Partial<S3Options>])[] = [
  ['.r2.cloudflarestorage.com', { region: 'auto', equalParts: true, checksums: false }],
  ['.backblazeb2.com', { checksums: false, conditionalWrites: false }],
  ['storage.googleapis.com', { region: 'auto', checksums: false, conditionalWrites: false }],
]

function differencesOf(endpoint: string | undefined): Partial<S3Options> {
  if (endpoint === undefined || !URL.canParse(endpoint)) return {}
  const { hostname } = new URL(endpoint)
  return services.find(([end]) => hostname.endsWith(end))?.[1] ?? {}
}

function regionHere(): string {
  return environment('AWS_REGION') ?? environment('AWS_DEFAULT_REGION') ?? 'us-east-1'
}

function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

function prefixOf(prefix: string): string {
  const trimmed = prefix.replace(/^\/+|\/+$/g, '')
  const isOdd = trimmed.split('/').some((part) => part === '.' || part === '..' || part === '')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
  if (trimmed !== '' && (isOdd || /[\u0000-\u001f\u007f\\]/.test(trimmed))) {
    throw new TypeError(`${JSON.stringify(prefix)} cannot stand before keys`)
  }
  return trimmed === '' ? '' : `${trimmed}/`
}

function baseOf(name: string, endpoint: string, bucket: string, pathStyle: boolean): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`${name}: not an http or https URL`)
  }
  if (url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`${name}: neither credentials nor a query belong in it`)
  }
  const path = url.pathname.replace(/\/+$/, '')
  if (pathStyle) return new URL(`${url.origin}${path}/${bucket}/`)
  return new URL(`${url.protocol}//${bucket}.${url.host}${path}/`)
}
