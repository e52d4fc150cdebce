import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  certificateLogin,
  compilePolicy,
  htpasswd,
  type Login,
  type Policy,
  proxyLogin,
  type ReadPolicy,
  registryAccess,
  signedInMayAll,
  signingKeys,
  type TokenService,
  tokenService,
} from '../../src/access/index.ts'
import type { Access } from '../../src/index.ts'
import { accessFolder, asksForLogin } from './access-settings.ts'
import { CliError } from './exit.ts'
import type { Log } from './log.ts'
import { refuseOpenListener } from './open-listener.ts'
import { readPolicyFile } from './policy-file.ts'
import { loginLimit, withRequestLimits } from './request-limits.ts'
import type { Settings } from './settings.ts'
import { signingKeysOf } from './signing-keys-file.ts'
import { watchFiles } from './watch-files.ts'

/** Who may do what on a server, and the files behind it. */
export interface ServeAccess {
  /** Null where everyone may do everything. */
  readonly access: Access | null
  /** Whether callers have to log in for anything. */
  readonly asksForLogin: boolean
  /** Whether callers who have not logged in may push or delete somewhere. */
  readonly mayAnyonePush: boolean
  /** Stops watching files. */
  close(): Promise<void>
}

/**
 * Opens what the settings say of access: users, API tokens, issuers, keys and the policy. Their files are read
 * again when they change; one that is broken then changes nothing, and the log says so.
 *
 * @throws CliError for what cannot be used: never an open door.
 */
export async function openAccess(settings: Settings, log: Log): Promise<ServeAccess> {
  if (!asksForLogin(settings)) {
    const access = withRequestLimits(null, settings)
    return { access, asksForLogin: false, mayAnyonePush: true, close: async () => {} }
  }
  let policy = readPolicy(settings, log)
  const logins = loginsOf(settings)
  const made = registryAccess({
    logins,
    policy: {
      get isPublic() {
        return policy.compiled.isPublic
      },
      decide: (principal, ask) => policy.compiled.decide(principal, ask),
      catalog: (principal) => policy.compiled.catalog(principal),
    },
    loginLimit: loginLimit(settings),
    ...(settings.tokens ? { tokens: await tokensOf(settings, log) } : {}),
    ...(settings.publicUrl === null ? {} : { publicUrl: settings.publicUrl }),
  })
  const unwatch = watchPolicy(settings, log, (next) => {
    policy = next
  })
  return {
    access: withRequestLimits(made, settings),
    asksForLogin: true,
    mayAnyonePush: mayAnyonePush(policy.read),
    async close() {
      unwatch()
    },
  }
}

/** A policy, and what was read of its file; null without one. */
interface ServedPolicy {
  readonly compiled: Policy
  readonly read: ReadPolicy | null
}

function readPolicy(settings: Settings, log: Log): ServedPolicy {
  const { policy: path, anonymousPull, tlsClientCa, proxyUser } = settings
  if (path === null) return { compiled: signedInMayAll({ anonymousPull }), read: null }
  const loginGroups = tlsClientCa !== null || proxyUser !== null
  const { policy, warnings } = readPolicyFile(path, { loginGroups })
  for (const warning of warnings) log.to.warn({ warning }, 'policy')
  return { compiled: compilePolicy(policy), read: policy }
}

function watchPolicy(
  settings: Settings,
  log: Log,
  changed: (policy: ServedPolicy) => void,
): () => void {
  const { policy: path } = settings
  if (path === null) return () => {}
  let isFirst = true
  return watchFiles([path], () => {
    try {
      const next = readPolicy(settings, log)
      refuseOpenListener(settings, mayAnyonePush(next.read))
      changed(next)
      // The first call only says that the file is as it was.
      if (!isFirst) log.to.info({ policy: path }, 'reloaded')
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      for (const problem of error.messages) {
        log.to.error({ problem }, 'not reloaded: the policy stays as it was')
      }
    }
    isFirst = false
    log.flush()
  })
}

/** Whether some rule lets callers push or delete who have not logged in; another may deny part of it. */
function mayAnyonePush(policy: ReadPolicy | null): boolean {
  if (policy === null) return false
  return policy.rules.some(
    ({ effect, actions, who }) =>
      effect === 'allow' &&
      (actions.has('push') || actions.has('delete') || actions.has('admin')) &&
      who.some(({ kind }) => kind === 'anonymous'),
  )
}

function loginsOf(settings: Settings): readonly Login[] {
  const logins: Login[] = []
  if (settings.htpasswd !== null) logins.push(htpasswd(readFileSync(settings.htpasswd, 'utf8')))
  if (settings.tlsClientCa !== null) logins.push(certificateLogin())
  if (settings.proxyUser !== null) logins.push(proxyLogin(settings.proxyUser))
  return logins
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
  return tokenService({ service, keys })
}
