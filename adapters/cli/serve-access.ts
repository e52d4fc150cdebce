import { dirname, join, resolve } from 'node:path'
import {
  certificateLogin,
  compilePolicy,
  holdToQuotas,
  type Login,
  oidcLogin,
  type Policy,
  proxyLogin,
  type QuotaOf,
  type ReadPolicy,
  registryAccess,
  repositoryQuota,
  signedInMayAll,
  signingKeys,
  type TokenService,
  type TrustedIssuer,
  tokenService,
  trustedIssuers,
} from '../../src/access/index.ts'
import type { Access, NoticeSink, RegistryOptions } from '../../src/index.ts'
import { accessFolder, asksForLogin } from './access-settings.ts'
import { openApiTokens } from './api-token-file.ts'
import { CliError, exitCodes } from './exit.ts'
import { readGuarded } from './guarded-file.ts'
import type { Log } from './log.ts'
import { refuseOpenListener } from './open-listener.ts'
import { openPasswordFile, type PasswordFile } from './password-file.ts'
import { readPolicyFile } from './policy-file.ts'
import { loginLimit, withRequestLimits } from './request-limits.ts'
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
}

/** The policy of a server, and the logins that it makes. */
interface ServedPolicy {
  readonly policy: Policy
  readonly issuers: readonly Login[]
  readonly quotaOf: QuotaOf
  /** Whether callers who have not logged in may push or delete somewhere. */
  readonly mayAnyonePush: boolean
  /** What it was made of: another text is another policy. */
  readonly text: string
  /** The files it was read from. */
  readonly files: readonly string[]
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
  let served = await readPolicy(settings, log)
  refuseOpenListener(settings, served.mayAnyonePush)
  const tokens = settings.tokens ? await tokensOf(settings, log) : null
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

  let current = build(served)
  let unwatch = watch()

  function watch(): () => void {
    const { files } = served
    return files.length === 0 ? () => {} : watchFiles(files, () => void reloadPolicy())
  }

  async function reloadPolicy(): Promise<void> {
    try {
      const next = await readPolicy(settings, log)
      if (next.text === served.text) return
      refuseOpenListener(settings, next.mayAnyonePush)
      served = next
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

async function readPolicy(settings: Settings, log: Log): Promise<ServedPolicy> {
  const { policy: path, anonymousPull, tlsClientCa, proxyUser } = settings
  if (path === null) {
    const policy = signedInMayAll({ anonymousPull })
    return { policy, issuers: [], quotaOf: () => null, mayAnyonePush: false, text: '', files: [] }
  }
  const loginGroups = tlsClientCa !== null || proxyUser !== null
  const { policy, text, warnings } = readPolicyFile(path, { loginGroups })
  const keys = await issuersOf(path, policy)
  for (const warning of warnings) log.to.warn({ warning }, 'policy')
  const login = oidcLogin(keys.issuers, {
    onProblem: (problem) => log.to.warn({ problem }, 'tokens of an issuer are refused'),
  })
  // A server does not wait for those of others.
  void login.check().then((problems) => {
    for (const problem of problems) {
      log.to.warn({ problem }, 'tokens of an issuer are refused until it can be reached')
    }
    log.flush()
  })
  return {
    policy: compilePolicy(policy),
    issuers: policy.issuers.length === 0 ? [] : [login],
    quotaOf: repositoryQuota(policy.quotas),
    mayAnyonePush: mayAnyonePush(policy),
    text: [text, ...keys.texts].join('\n'),
    files: [path, ...keys.files],
  }
}

/** The issuers of a policy, with the files of their keys. @throws CliError */
async function issuersOf(path: string, { issuers }: ReadPolicy): Promise<IssuersWithKeys> {
  const texts: string[] = []
  const files: string[] = []
  try {
    const trusted = await trustedIssuers(issuers, async (name) => {
      const file = resolve(dirname(path), name)
      const { text } = await readGuarded(file, 0o002)
      files.push(file)
      texts.push(text)
      return text
    })
    return { issuers: trusted, texts, files }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new CliError(exitCodes.config, [`${path}: ${problem}`])
  }
}

interface IssuersWithKeys {
  readonly issuers: readonly TrustedIssuer[]
  readonly texts: readonly string[]
  readonly files: readonly string[]
}

/** Whether some rule lets callers push or delete who have not logged in; another may deny part of it. */
function mayAnyonePush({ rules }: ReadPolicy): boolean {
  return rules.some(
    ({ effect, actions, who }) =>
      effect === 'allow' &&
      (actions.has('push') || actions.has('delete') || actions.has('admin')) &&
      who.some(({ kind }) => kind === 'anonymous'),
  )
}

async function tokensOf(settings: Settings, log: Log): Promise<TokenService> {
  const folder = accessFolder(settings)
  const onProblem = (error: unknown): void =>
    log.to.error({ err: error }, 'the file of the signing keys cannot be used any more')
  const keys =
    folder === null
      ? signingKeys({ onProblem })
      : await signingKeysOf(join(folder, 'keys.json'), { onProblem })
  const service = settings.publicUrl === null ? 'layerdock' : new URL(settings.publicUrl).host
  // Keys that end with the server make no refresh tokens: clients would keep them in place of the password.
  return tokenService({ service, keys, ...(folder === null ? { refreshMs: 0 } : {}) })
}
