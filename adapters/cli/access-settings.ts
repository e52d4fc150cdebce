import { join } from 'node:path'
import * as v from 'valibot'
import { type Setting, switched } from './setting.ts'
import { type StoreSettings, wantsDatabase } from './store-settings.ts'

/** Who may do what, and who they are. */
export interface AccessSettings {
  /** Authorities of client certificates (PEM). */
  readonly tlsClientCa: string | null
  /** Whether clients without a certificate are refused. */
  readonly tlsClientRequired: boolean
  /** A file of users and hashes of their passwords. */
  readonly htpasswd: string | null
  /** Whether callers who have not logged in may pull, where `htpasswd` asks for a login. */
  readonly anonymousPull: boolean
  /** A policy document: who may do what. */
  readonly policy: string | null
  /** The header in which trusted proxies name the user. */
  readonly proxyUser: string | null
  /** Where clients reach the registry. */
  readonly publicUrl: string | null
  /** Where keys and API tokens are; null for `access` in `storageDir`. */
  readonly accessDir: string | null
  /** Whether clients that log in get short-lived tokens. */
  readonly tokens: boolean
  /** Whether a server that other machines reach may be open for writing without a login. */
  readonly allowAnonymousPush: boolean
  /** Where audit lines go: a file, or `-` for standard error. */
  readonly auditLog: string | null
}

/** Where clients reach a registry: a scheme and a host. */
export const publicUrl: v.GenericSchema<unknown, string> = v.pipe(
  v.string('is not a URL such as https://registry.example.com'),
  v.check(isPublicUrl, 'is not a URL such as https://registry.example.com'),
  v.transform((text) => text.replace(/\/+$/, '')),
)

function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, search, hash, username, pathname } = new URL(text)
  const isHttp = protocol === 'http:' || protocol === 'https:'
  return isHttp && search === '' && hash === '' && username === '' && pathname === '/'
}

/** The name of a header. */
const headerName: v.GenericSchema<unknown, string> = v.pipe(
  v.string('is not the name of a header'),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9-]*$/, 'is not the name of a header such as X-Remote-User'),
)

/** Whether the settings ask for a login. */
export function asksForLogin(settings: AccessSettings): boolean {
  const { htpasswd, policy, tlsClientCa, proxyUser } = settings
  return htpasswd !== null || policy !== null || tlsClientCa !== null || proxyUser !== null
}

/** The folder of keys and API tokens; null where nothing is kept. */
export function accessFolder(
  settings: AccessSettings &
    StoreSettings & { readonly storageDir: string; readonly memory: boolean },
): string | null {
  const { accessDir, memory, storageDir } = settings
  if (accessDir !== null) return accessDir
  return memory || wantsDatabase(settings) ? null : join(storageDir, 'access')
}

const text: v.GenericSchema<unknown, string> = v.pipe(
  v.string('is not a text'),
  v.nonEmpty('is empty'),
)

/** Their part of the table of settings. */
export const accessSettings: {
  readonly [K in keyof AccessSettings]: Setting<AccessSettings[K]>
} = {
  tlsClientCa: {
    schema: text,
    default: null,
    value: 'FILE',
    help: 'authorities (PEM) whose certificates identify clients: the common name is the user, the organizations are its groups. Not on Bun',
    alias: ['client-ca', 'tls-ca', 'ca', 'mtls', 'clientcas', 'cacert'],
  },
  tlsClientRequired: switched(false, 'refuse clients without such a certificate'),
  htpasswd: {
    schema: text,
    default: null,
    value: 'FILE',
    help: 'ask for a login: users and bcrypt hashes of passwords, as layerdock user add writes them. Each may do everything, unless --policy says less',
    alias: ['users', 'auth', 'auth-htpasswd', 'auth-htpasswd-path', 'passwords'],
  },
  anonymousPull: switched(false, 'let callers pull without a login', [
    'public',
    'anonymous',
    'anonymous-read',
    'public-read',
  ]),
  policy: {
    schema: text,
    default: null,
    value: 'FILE',
    help: 'who may do what: a JSON document, which layerdock policy check looks at',
    alias: ['rules', 'acl', 'permissions', 'authorization'],
  },
  tokens: switched(
    true,
    'have clients send their password with each request, instead of a short-lived token',
  ),
  publicUrl: {
    schema: publicUrl,
    default: null,
    value: 'URL',
    help: 'where clients reach the registry, such as https://registry.example.com: they are sent there for tokens. The host they ask for, if not set',
    alias: ['external-url', 'external-host', 'base-url', 'realm', 'url', 'http-host'],
  },
  proxyUser: {
    schema: headerName,
    default: null,
    value: 'HEADER',
    help: 'the header in which trusted proxies name the user; they have to remove it from what clients send',
    alias: ['remote-user', 'auth-header', 'user-header', 'forward-auth'],
  },
  accessDir: {
    schema: text,
    default: null,
    value: 'DIR',
    help: 'where the keys of tokens and the API tokens are; access in --storage-dir, if not set',
  },
  allowAnonymousPush: switched(
    false,
    'listen for other machines although anyone who reaches the server may push',
    ['insecure', 'open', 'no-auth', 'allow-anonymous', 'anonymous-push'],
  ),
  auditLog: {
    schema: text,
    default: null,
    value: 'FILE',
    help: 'a line of JSON for each login, pull, push, deletion and refusal: a file, which SIGHUP reopens, or - for standard error',
    alias: ['audit', 'audit-file'],
  },
}
