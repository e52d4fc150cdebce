import { dirname, resolve } from 'node:path'
import {
  compilePolicy,
  type Login,
  oidcLogin,
  type Policy,
  type QuotaOf,
  type ReadPolicy,
  repositoryQuota,
  signedInMayAll,
  type TrustedIssuer,
  trustedIssuers,
} from '../../src/access/index.ts'
import { CliError, exitCodes } from './exit.ts'
import { readGuarded } from './guarded-file.ts'
import type { Log } from './log.ts'
import { readPolicyFile } from './policy-file.ts'
import type { Settings } from './settings.ts'

/** The policy of a server, and what it makes beside decisions. */
export interface ServedPolicy {
  readonly policy: Policy
  readonly issuers: readonly Login[]
  readonly quotaOf: QuotaOf
  /** Whether callers who have not logged in may push or delete somewhere. */
  readonly mayAnyonePush: boolean
  /** What it was made of: another text is another policy. */
  readonly text: string
  /** The files it was read from. */
  readonly files: readonly string[]
  /** Finds out, beside everything else, whether the issuers can be reached, and says so where not. */
  check(): void
}

/**
 * Reads the policy of the settings, or makes the one that they stand for.
 *
 * @throws CliError for a file that cannot be used.
 */
export async function readServedPolicy(settings: Settings, log: Log): Promise<ServedPolicy> {
  const { policy: path, anonymousPull, tlsClientCa, proxyUser } = settings
  if (path === null) {
    const policy = signedInMayAll({ anonymousPull })
    const nothing = { issuers: [], quotaOf: () => null, mayAnyonePush: false, text: '', files: [] }
    return { policy, ...nothing, check: () => {} }
  }
  const loginGroups = tlsClientCa !== null || proxyUser !== null
  const { policy, text, warnings } = readPolicyFile(path, { loginGroups })
  const keys = await issuersOf(path, policy)
  for (const warning of warnings) log.to.warn({ warning }, 'policy')
  const login = oidcLogin(keys.issuers, {
    onProblem: (problem) => log.to.warn({ problem }, 'tokens of an issuer are refused'),
  })
  return {
    policy: compilePolicy(policy),
    issuers: policy.issuers.length === 0 ? [] : [login],
    quotaOf: repositoryQuota(policy.quotas),
    mayAnyonePush: mayAnyonePush(policy),
    text: [text, ...keys.texts].join('\n'),
    files: [path, ...keys.files],
    check() {
      // A server does not wait for those of others.
      void login.check().then((problems) => {
        for (const problem of problems) {
          log.to.warn({ problem }, 'tokens of an issuer are refused until it can be reached')
        }
        log.flush()
      })
    },
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
