import type { Certificate } from '../serving/serve-options.ts'
import { describeCertificate, readCertificate } from './certificate.ts'
import { CliError, exitCodes } from './exit.ts'
import type { Listening } from './listen.ts'
import type { Log } from './log.ts'
import { type SettingName, type Settings, settingNames } from './settings.ts'
import { watchFiles } from './watch-files.ts'

/** What a running server reloads, and with what. */
export interface ReloadDeps {
  /** The settings the server was started with. */
  readonly settings: Settings
  /** Reads the settings again; null where no file could have changed them. */
  readonly reread: (() => Promise<Settings>) | null
  /** What the server was started with; null without HTTPS. */
  readonly certificate: Certificate | null
  readonly listening: Pick<Listening, 'setCertificate'>
  readonly log: Log
}

/** Reloads what can be reloaded while the server runs: the certificate, and the level of the log. */
export interface Reloader {
  /** Reads the settings and the certificate again, and says in the log what came of it. */
  reload(): void
  /** Stops watching the files of the certificate. */
  close(): void
}

/** Settings that a reload applies; the others wait for the next start. */
const reloadable: ReadonlySet<SettingName> = new Set(['tlsCert', 'tlsKey', 'log'])

/** Makes a reloader, which also notices by itself that the files of the certificate were renewed. */
export function startReloader(deps: ReloadDeps): Reloader {
  const { listening, log } = deps
  let { settings, certificate } = deps
  let unwatch = watchCertificate()

  function watchCertificate(): () => void {
    const { tlsCert, tlsKey, tlsClientCa } = settings
    if (certificate === null || tlsCert === null || tlsKey === null) return () => {}
    const files = [tlsCert, tlsKey, ...(tlsClientCa === null ? [] : [tlsClientCa])]
    return watchFiles(files, () => {
      void attempt(() => {
        if (useCertificate(readCertificate(settings))) sayReloaded()
      })
    })
  }

  /** Serves with a certificate from now on; false where it is the one in use, or TLS stays off. */
  function useCertificate(next: Certificate | null): boolean {
    if (next === null || certificate === null) return false
    const isSame =
      next.cert === certificate.cert &&
      next.key === certificate.key &&
      next.clientCa === certificate.clientCa
    if (isSame) return false
    certificate = next
    void listening.setCertificate(next).catch((error: unknown) => {
      log.to.fatal({ err: error }, 'the server cannot listen any more')
      void log.settled().then(() => process.exit(exitCodes.problem))
    })
    return true
  }

  function sayReloaded(): void {
    log.to.info(certificate === null ? {} : describeCertificate(certificate.cert), 'reloaded')
    log.flush()
  }

  /** What cannot be read changes nothing: the server goes on as before. */
  async function attempt(work: () => void | Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      for (const problem of error.messages) {
        log.to.error({ problem }, 'not reloaded: the server goes on as before')
      }
      log.flush()
    }
  }

  async function reloadAll(): Promise<void> {
    const next = (await deps.reread?.()) ?? settings
    const nextCertificate = readCertificate(next)
    const restart = changedNames(deps.settings, next).filter((name) => !reloadable.has(name))
    if ((certificate === null) !== (nextCertificate === null)) restart.push('tlsCert', 'tlsKey')
    settings = next
    log.setLevels(next.log)
    useCertificate(nextCertificate)
    sayReloaded()
    if (restart.length > 0) {
      log.to.warn({ settings: restart }, 'changed settings wait for a restart')
    }
    unwatch()
    unwatch = watchCertificate()
  }

  return {
    reload: () => void attempt(reloadAll),
    close: () => unwatch(),
  }
}

function changedNames(before: Settings, after: Settings): SettingName[] {
  const text = (value: unknown): string => JSON.stringify(value)
  return settingNames.filter((name) => text(before[name]) !== text(after[name]))
}
