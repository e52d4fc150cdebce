import * as v from 'valibot'
import { defaultLimits } from '../../src/index.ts'
import { defaultHeaderBytes, defaultSlowestPull } from '../serving/serve-options.ts'
import { type AccessSettings, accessSettings } from './access-settings.ts'
import { type AdminSettings, adminSettings } from './admin-settings.ts'
import { type ListenAddress, listenAddress } from './listen-address.ts'
import { listOf, origin, proxy } from './lists.ts'
import { type LogSettings, logSettings } from './log-settings.ts'
import { type MaintenanceSettings, maintenanceSettings } from './maintenance-settings.ts'
import { type MetricsSettings, metricsSettings } from './metrics-settings.ts'
import { type PageSettings, pageSettings } from './page-settings.ts'
import { count, size } from './quantities.ts'
import { type RequestLimitSettings, requestLimitSettings } from './request-limit-settings.ts'
import { type RetentionSettings, retentionSettings } from './retention-settings.ts'
import { counted, type Setting, sized, switched, timed } from './setting.ts'
import { type StoreSettings, storeSettings } from './store-settings.ts'
import { type TracingSettings, tracingSettings } from './tracing-settings.ts'
import { type VerifySettings, verifySettings } from './verify-settings.ts'
import { type WebhookSettings, webhookSettings } from './webhook-settings.ts'

/** Everything a person can set, however it was set. Sizes in bytes, times in milliseconds. */
export interface Settings
  extends AccessSettings,
    AdminSettings,
    LogSettings,
    MaintenanceSettings,
    MetricsSettings,
    TracingSettings,
    PageSettings,
    RequestLimitSettings,
    RetentionSettings,
    StoreSettings,
    VerifySettings,
    WebhookSettings {
  readonly listen: ListenAddress
  readonly storageDir: string
  readonly memory: boolean
  /** As `trustedProxies` of the runtimes' servers. */
  readonly trustedProxies: readonly string[]
  /** As `cors.origins` of a registry; empty for no CORS. */
  readonly corsOrigins: readonly string[]
  readonly tlsCert: string | null
  readonly tlsKey: string | null
  readonly readOnly: boolean
  readonly deletes: boolean
  readonly allowSparse: boolean
  readonly maxManifest: number
  /** As `descriptorsPerManifest` of a registry. */
  readonly maxDescriptors: number
  /** As `manifestBodyBytes` of a registry. */
  readonly manifestMemory: number
  readonly maxBlob: number
  readonly maxUploads: number
  readonly maxUploadsPerUser: number
  readonly maxUploadBytes: number
  /** Null for half of `maxUploadBytes`. */
  readonly maxUploadBytesPerUser: number | null
  readonly uploadIdle: number
  readonly pageSize: number
  readonly referrersPage: number
  readonly maxTagsPerPush: number
  readonly manifestCache: number
  readonly lease: number
  readonly maxHeader: number
  /** Null for as many as the process can afford. */
  readonly maxConnections: number | null
  readonly headersTimeout: number
  readonly stallTimeout: number
  /** In bytes a second. */
  readonly slowestPull: number
  readonly keepAliveTimeout: number
  readonly drainSeconds: number
  /** In seconds. */
  readonly drainDelay: number
}

/** The name of a setting, as it stands in a configuration file. */
export type SettingName = keyof Settings

const text: v.GenericSchema<unknown, string> = v.pipe(
  v.string('is not a text'),
  v.nonEmpty('is empty'),
)

/** The one table of settings: flags, variables, the configuration file and the help come from it. */
export const settings: { readonly [K in SettingName]: Setting<Settings[K]> } = {
  listen: {
    schema: listenAddress,
    default: { host: '127.0.0.1', port: 5000 },
    defaultText: '127.0.0.1:5000',
    value: 'ADDRESS',
    help: 'where to listen: HOST:PORT, :PORT for every interface, or unix:PATH; port 0 takes a free one',
    alias: ['port', 'host', 'addr', 'address', 'bind', 'hostname', 'interface'],
  },
  storageDir: {
    schema: text,
    default: './layerdock-data',
    defaultText: './layerdock-data',
    value: 'DIR',
    help: 'the folder everything is kept in; made if it is not there',
    alias: ['data', 'dir', 'root', 'path', 'data-dir', 'directory', 'storage', 'rootdirectory'],
  },
  memory: switched(false, 'keep everything in memory, to be lost at the end; no folder is touched'),
  ...storeSettings,
  tlsCert: {
    schema: text,
    default: null,
    value: 'FILE',
    help: 'serve HTTPS with this certificate chain (PEM)',
    alias: ['tls', 'cert', 'certificate', 'tls-certificate'],
  },
  tlsKey: {
    schema: text,
    default: null,
    value: 'FILE',
    help: 'the key of the certificate (PEM)',
    alias: ['key'],
  },
  ...accessSettings,
  trustedProxies: {
    schema: listOf(proxy),
    default: [],
    value: 'LIST',
    help: 'proxies that may say who the client is (X-Forwarded-For, X-Forwarded-Proto): addresses, ranges such as 10.0.0.0/8, and unix, with commas between them',
    alias: ['trust-proxy', 'trusted-proxy', 'trusted-ips', 'proxies'],
  },
  corsOrigins: {
    schema: listOf(origin),
    default: [],
    value: 'LIST',
    help: 'origins whose pages may use the registry, such as https://ui.example.com, with commas between them; or * for any to read',
    alias: ['cors', 'cors-origin', 'allowed-origins', 'origins', 'cors-allowed-origins'],
  },
  ...logSettings,
  readOnly: switched(false, 'take no changes at all: pulls and lists only', ['readonly', 'ro']),
  deletes: switched(true, 'refuse to delete blobs, manifests, tags and repositories', [
    'delete',
    'deletion',
  ]),
  allowSparse: switched(false, 'take manifests and indexes whose content is not all there'),
  maxManifest: sized(defaultLimits.manifestBytes, '4MiB', 'the largest manifest'),
  maxDescriptors: counted(
    defaultLimits.descriptorsPerManifest,
    1,
    'layers, or manifests of an index, that one manifest may name',
  ),
  manifestMemory: sized(
    defaultLimits.manifestBodyBytes,
    '64MiB',
    'memory for manifests that are being pushed, of all clients together',
  ),
  maxBlob: sized(defaultLimits.blobBytes, '1TiB', 'the largest blob'),
  maxUploads: counted(defaultLimits.uploadSessions, 1, 'upload sessions open at once'),
  maxUploadsPerUser: counted(
    defaultLimits.uploadSessionsPerOwner,
    1,
    'upload sessions open at once for one user',
  ),
  maxUploadBytes: sized(
    defaultLimits.uploadBytes,
    '2TiB',
    'bytes of all unfinished uploads together',
  ),
  maxUploadBytesPerUser: {
    schema: size,
    default: null,
    value: 'SIZE',
    help: 'the same for one user, and so the largest blob that one user can push; half of --max-upload-bytes, if not set',
  },
  uploadIdle: timed(defaultLimits.uploadIdleMs, '24h', 'how long an upload session may be idle'),
  ...requestLimitSettings,
  pageSize: counted(defaultLimits.pageSize, 1, 'entries in one page of tags or repositories'),
  referrersPage: sized(defaultLimits.referrersBytes, '4MiB', 'one page of referrers'),
  maxTagsPerPush: counted(defaultLimits.tagsPerPush, 1, 'tag parameters in one manifest push'),
  manifestCache: sized(
    defaultLimits.manifestCacheBytes,
    '64MiB',
    'memory for manifests that were read lately; small blobs get a quarter as much beside it',
  ),
  lease: timed(
    defaultLimits.leaseMs,
    '24h',
    'how long a blob that was pushed, mounted or confirmed is safe from collection',
  ),
  ...maintenanceSettings,
  ...retentionSettings,
  ...webhookSettings,
  ...verifySettings,
  ...adminSettings,
  ...metricsSettings,
  ...tracingSettings,
  ...pageSettings,
  maxHeader: sized(
    defaultHeaderBytes,
    '64KiB',
    'the largest head of a request: raise it where tokens are longer',
  ),
  maxConnections: {
    schema: count(1),
    default: null,
    value: 'N',
    help: 'connections open at once (on Bun: requests); as many as the open files allow, if not set',
  },
  headersTimeout: timed(10_000, '10s', 'how long the head of a request may take'),
  stallTimeout: timed(60_000, '60s', 'how long a transfer may stall'),
  slowestPull: sized(
    defaultSlowestPull,
    '1KiB',
    'the slowest that a client may read, in a second; one that seems to stall is kept for as long as 2 MiB take at this rate',
  ),
  keepAliveTimeout: timed(75_000, '75s', 'how long an idle connection stays open'),
  drainSeconds: counted(30, 0, 'how long requests may go on after SIGTERM, in seconds'),
  drainDelay: counted(
    0,
    0,
    'how long the server still serves after SIGTERM while /ready is already 503, in seconds: as long as a load balancer takes to notice',
  ),
}

/** Every name, in the order of the table. */
export const settingNames: readonly SettingName[] = Object.keys(settings) as SettingName[]

/** `storageDir` → `storage-dir`. */
export function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** `storageDir` → `LAYERDOCK_STORAGE_DIR`. */
export function variableOf(name: string): string {
  return `LAYERDOCK_${flagOf(name).replaceAll('-', '_').toUpperCase()}`
}
