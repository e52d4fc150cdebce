import { CliError, exitCodes } from './exit.ts'
import { formatListenAddress, isReachable } from './listen-address.ts'
import type { Settings } from './settings.ts'

/**
 * Refuses to serve where other machines can connect and anyone may push without a login, unless that was asked
 * for by name.
 *
 * @param mayPush whether callers who have not logged in may push or delete
 * @throws CliError that says what to do instead.
 */
export function refuseOpenListener(settings: Settings, mayPush: boolean): void {
  const address = formatListenAddress(settings.listen)
  if (!mayPush || settings.readOnly || settings.allowAnonymousPush) return
  if (!isReachable('socketPath' in settings.listen ? address : `http://${address}`)) return
  const may = settings.deletes ? 'push and delete' : 'push'
  const why =
    settings.policy === null
      ? `anyone who reaches this server could ${may}`
      : `the policy lets anyone who reaches this server ${may}`
  throw new CliError(exitCodes.usage, [
    `--listen ${address}: ${why}. Ask for a login with --htpasswd FILE (layerdock user add NAME --htpasswd FILE writes it), take no pushes with --read-only, listen on 127.0.0.1, or give --allow-anonymous-push if that is what you want`,
  ])
}
