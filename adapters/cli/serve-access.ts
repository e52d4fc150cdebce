import { join } from 'node:path'
import {
  certificateLogin,
  type Login,
  type Policy,
  proxyLogin,
  registryAccess,
  signedInMayAll,
  type TokenService,
} from '../../src/access/index.ts'
import type { Access, NoticeSink } from '../../src/index.ts'
import type { Settings } from './settings.ts'

/** Who may do what on a server, and the files behind it. */
export interface ServeAccess {
  readonly access: Access
  /** Whether callers who have not logged in may push or delete anywhere. */
  readonly mayAnyonePush: boolean
  /** Reads the policy again. @throws CliError where it cannot be used: it stays as it is then. */
  reload(): Promise<void>
  /** Stops watching files. */
  close(): Promise<void>
}

/** Whether the settings ask for a login at all. */
export function asksForLogin({ htpasswd, policy, tlsClientCa, proxyUser }: Settings): boolean {
  return htpasswd !== null || policy !== null || tlsClientCa !== null || proxyUser !== null
}

/** The folder of keys and API tokens; null where nothing is to be kept. */
export function accessFolder({ accessDir, memory, storageDir }: Settings): string | null {
  if (accessDir !== null) return accessDir
  return memory ? null : join(storageDir, 'access')
}
