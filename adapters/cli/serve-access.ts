import { join } from 'node:path'
import {
  certificateLogin,
  holdToQuotas,
  type KeyStore,
  proxyLogin,
  registryAccess,
  signingKeys,
  type TokenService,
  tokenService,
} from '../../src/access/index.ts'
import type { Access, NoticeSink, RegistryOptions } from '../../src/index.ts'
import { accessFolder, asksForLogin } from './access-settings.ts'
import { openApiTokens } from './api-token-file.ts'
import { CliError } from './exit.ts'
import type { Log } from './log.ts'
import { refuseOpenListener } from './open-listener.ts'
import { openPasswordFile, type PasswordFile } from './password-file.ts'
import { loginLimit, withRequestLimits } from './request-limits.ts'
import { readServedPolicy, type ServedPolicy } from './served-policy.ts'
import type { Settings } from './settings.ts'
import { signingKeysOf } from './signing-keys-file.ts'
import { watchFiles } from './watch-files.ts'

/** Who may do what on a server, and the files behind it. */
export interface ServeAccess {
  /** Null where everyone may do everything. */
  readonly access: Access | null
  /** Holds repositories to the quotas of the policy; absent where there is no policy. */
  readonly wrap?: NonNullable<RegistryOptions['wrap']>
  /** Whether callers who have not logged in may push or delete somewhere. */
  readonly mayAnyonePush: boolean
  /** Reads the files again, without waiting until their change is noticed. */
  reload(): Promise<void>
  /** Stops watching files. */
  close(): Promise<void>
}

/** What {@link openAccess} needs. */
export interface AccessDeps {
  readonly log: Log
  readonly onNotice: NoticeSink
  /** Where the keys are that sign tokens, if all nodes share them. Default: a file of this server. */
  readonly keys?: KeyStore
}

/**
 * Opens what the settings say of access: users, API tokens, issuers, keys and the policy. Their files are read
 * again when they change; one that is broken then changes nothing, and the log says so.
 *
 * @throws CliError for what cannot be used: never an open door.
 */
export async function openAccess(settings: Settings, deps: AccessDeps): Promise<ServeAccess> {
  if (!asksForLogin(settings)) {
    const access = withRequestLimits(null, settings)
    return { access, mayAnyonePush: true, reload: async () => {}, close: async () => {} }
  }
  const { log } = deps
  let served = await readServedPolicy(settings, log)
  refuseOpenListener(settings, served.mayAnyonePush)
  const tokens = settings.tokens ? await tokensOf(settings, deps) : null
  const folder = accessFolder(settings)
  const apiTokens = folder === null ? null : await openApiTokens(folder, deps)
  const passwords = await openPasswords(settings, deps).catch((error: unknown) => {
    // What watches a file keeps the process alive.
    apiTokens?.close()
    throw error
  })
  const limit = loginLimit(settings)

  function build({ policy, issuers }: ServedPolicy): Access {
    return registryAccess({
      logins: [
        ...issuers,
        ...(apiTokens === null ? [] : [apiTokens.login]),
        ...(passwords === null ? [] : [passwords.login]),
        ...(settings.tlsClientCa === null ? [] : [certificateLogin()]),
        ...(settings.proxyUser === null ? [] : [proxyLogin(settings.proxyUser)]),
      ],
      policy,
      loginLimit: limit,
      ...(tokens === null ? {} : { tokens }),
      ...(settings.publicUrl === null ? {} : { publicUrl: settings.publicUrl }),
    })
  }

  served.check()
  let current = build(served)
  let unwatch = watch()

  function watch(): () => void {
    const { files } = served
    return files.length === 0 ? () => {} : watchFiles(files, () => void reloadPolicy())
  }

  async function reloadPolicy(): Promise<void> {
    try {
      const next = await readServedPolicy(settings, log)
      if (next.text === served.text) return
      refuseOpenListener(settings, next.mayAnyonePush)
      served = next
      served.check()
      current = build(next)
      unwatch()
      unwatch = watch()
      log.to.info({ file: settings.policy }, 'policy reloaded')
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      for (const problem of error.messages) {
        log.to.error({ problem }, 'policy not reloaded: that from before goes on')
      }
    }
    log.flush()
  }

  return {
    access: withRequestLimits(
      delegating(current, () => current),
      settings,
    ),
    // A policy without quotas may have some after a reload.
    ...(settings.policy === null
      ? {}
      : { wrap: holdToQuotas((repository) => served.quotaOf(repository)) }),
    mayAnyonePush: served.mayAnyonePush,
    async reload() {
      await passwords?.reload()
      await apiTokens?.reload()
      if (settings.policy !== null) await reloadPolicy()
    },
    async close() {
      unwatch()
      apiTokens?.close()
      await passwords?.close()
    },
  }
}

async function openPasswords(
  { htpasswd }: Settings,
  deps: AccessDeps,
): Promise<PasswordFile | null> {
  return htpasswd === null ? null : openPasswordFile(htpasswd, deps)
}

/** An access that is another one after a reload. */
function delegating(first: Access, current: () => Access): Access {
  const { token } = first
  return {
    authenticate: (request) => current().authenticate(request),
    authorize: (principal, asks, request) => current().authorize(principal, asks, request),
    challenge: (asks, request) => current().challenge(asks, request),
    catalog: async (principal, request) => current().catalog?.(principal, request),
    ...(token === undefined
      ? {}
      : { token: (request, call) => current().token?.(request, call) ?? token(request, call) }),
  }
}

async function tokensOf(
  settings: Settings,
  { log, keys: shared }: AccessDeps,
): Promise<TokenService> {
  const folder = accessFolder(settings)
  const onProblem = (error: unknown): void =>
    log.to.error({ err: error }, 'the signing keys cannot be read any more')
  const keys =
    shared !== undefined
      ? signingKeys({ onProblem, store: shared })
      : folder === null
        ? signingKeys({ onProblem })
        : await signingKeysOf(join(folder, 'keys.json'), { onProblem })
  const service = settings.publicUrl === null ? 'layerdock' : new URL(settings.publicUrl).host
  // Keys that end with the server make no refresh tokens: clients would keep them in place of the password.
  const areKept = shared !== undefined || folder !== null
  return tokenService({ service, keys, ...(areKept ? {} : { refreshMs: 0 }) })
}
