import { createPrivateKey, X509Certificate } from 'node:crypto'
import { onBun } from '../bun/bun.ts'
import type { Certificate } from '../serving/serve-options.ts'
import { CliError, exitCodes } from './exit.ts'
import { readText } from './read-text.ts'
import type { Settings } from './settings.ts'

/**
 * Reads the certificate and its key; null where none is set.
 *
 * @throws CliError that names the setting when a file cannot be read, or is not what it should be.
 */
export function readCertificate(settings: Settings): Certificate | null {
  const { tlsCert, tlsKey } = settings
  if (tlsCert === null || tlsKey === null) return null
  const cert = readPem('--tls-cert', tlsCert)
  const key = readPem('--tls-key', tlsKey)
  const certificate = parsed(() => new X509Certificate(cert))
  if (certificate instanceof Error) {
    throw wrong('--tls-cert', tlsCert, `is not a certificate chain in PEM (${certificate.message})`)
  }
  // Asked to read one, OpenSSL would ask the terminal for its passphrase.
  if (/^-----BEGIN ENCRYPTED|^Proc-Type:.*ENCRYPTED/m.test(key)) {
    throw wrong('--tls-key', tlsKey, 'is encrypted; give a key that has no passphrase')
  }
  const privateKey = parsed(() => createPrivateKey(key))
  if (privateKey instanceof Error) {
    throw wrong('--tls-key', tlsKey, `is not a private key in PEM (${privateKey.message})`)
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    throw wrong('--tls-key', tlsKey, `is not the key of the certificate in ${tlsCert}`)
  }
  return { cert, key, ...clientAuthorities(settings) }
}

/** Whose certificates clients may show. */
function clientAuthorities({
  tlsClientCa,
  tlsClientRequired,
}: Settings): Pick<Certificate, 'clientCa' | 'clientRequired'> {
  if (tlsClientCa === null) return {}
  if (onBun) {
    const advice =
      'Bun does not tell whose certificate a client shows; run the registry on Node or Deno, or have a proxy check it (--proxy-user)'
    throw wrong('--tls-client-ca', tlsClientCa, advice)
  }
  const clientCa = readPem('--tls-client-ca', tlsClientCa)
  const authority = parsed(() => new X509Certificate(clientCa))
  if (authority instanceof Error) {
    throw wrong(
      '--tls-client-ca',
      tlsClientCa,
      `holds no certificate in PEM (${authority.message})`,
    )
  }
  if (!authority.ca) {
    throw wrong('--tls-client-ca', tlsClientCa, 'is not the certificate of an authority')
  }
  return { clientCa, clientRequired: tlsClientRequired }
}

/** What a person wants to know of a certificate chain in PEM: whose it is, and until when. */
export function describeCertificate(cert: string): {
  readonly subject: string
  readonly validTo: string
} {
  const { subject, validTo } = new X509Certificate(cert)
  return { subject: (subject ?? '').replaceAll('\n', ', '), validTo: isoTime(validTo) }
}

/** The times in a certificate, such as `Nov 27 05:14:05 2026 GMT`, as the log writes them. */
function isoTime(text: string): string {
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? text : time.toISOString()
}

function readPem(flag: string, path: string): string {
  try {
    return readText(path)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') throw wrong(flag, path, 'there is no such file')
    if (code === 'EACCES') throw wrong(flag, path, 'the file may not be read by this user')
    throw wrong(flag, path, error instanceof Error ? error.message : String(error))
  }
}

/** Not left to the server, which takes anything on Deno and says on Node what OpenSSL says. */
function parsed<T>(parse: () => T): T | Error {
  try {
    return parse()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function wrong(flag: string, path: string, text: string): CliError {
  return new CliError(exitCodes.config, [`${flag} ${path}: ${text}`])
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null
}
