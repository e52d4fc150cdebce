import { asksForLogin } from './access-settings.ts'
import { banner } from './banner.ts'
import { isReachable } from './listen-address.ts'
import type { Log } from './log.ts'
import { levelOf } from './log-levels.ts'
import type { Opened } from './open-registry.ts'
import type { Settings } from './settings.ts'
import { version } from './version.ts'

/** Says that a server listens, and where it keeps everything. */
export function announce(
  log: Log,
  settings: Settings,
  { url, kept }: { readonly url: string; readonly kept: Opened['kept'] },
): void {
  if (log.format === 'json') {
    log.to.info({ url, version: version(), ...kept.fields }, 'listening')
  } else if (levelOf(settings.log, 'server') !== 'silent') {
    log.print(banner(version(), url, kept.text))
  }
  warnIfReadable(log, settings, url)
  log.flush()
}

/** Credentials over plain HTTP, where nothing says that a proxy in front speaks HTTPS. */
function warnIfReadable(log: Log, settings: Settings, url: string): void {
  const { tlsCert, trustedProxies } = settings
  if (!asksForLogin(settings) || tlsCert !== null || trustedProxies.length > 0) return
  if (!isReachable(url)) return
  log.to.warn(
    'passwords and tokens can be read on the way: give --tls-cert and --tls-key, or put a proxy in front that speaks HTTPS and name it with --trusted-proxies',
  )
}
