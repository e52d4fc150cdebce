import { execFileSync, spawnSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'

/** Whether certificates can be made here. */
export const hasOpenssl: boolean = spawnSync('openssl', ['version']).error === undefined

/**
 * Makes a certificate and its key in a folder, each file put in place by a rename.
 *
 * @param more further words for openssl, such as other names
 */
export function makeCertificate(
  folder: string,
  name: string,
  more: readonly string[] = [],
): { cert: string; key: string } {
  const cert = join(folder, 'cert.pem')
  const key = join(folder, 'key.pem')
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1'
  const subject = ['-subj', `/CN=${name}`, '-keyout', `${key}.new`, '-out', `${cert}.new`]
  execFileSync('openssl', [...words.split(' '), ...subject, ...more], { stdio: 'ignore' })
  renameSync(`${key}.new`, key)
  renameSync(`${cert}.new`, cert)
  return { cert, key }
}

/** A TLS connection to a server on this machine, and whose certificate it showed. */
export function dialTls(port: number): Promise<{ socket: TLSSocket; name: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const { subject } = socket.getPeerCertificate()
      resolve({ socket, name: String(subject.CN) })
    })
    socket.on('error', reject)
  })
}

/** Whose certificate a server shows now. */
export async function certificateName(port: number): Promise<string> {
  const { socket, name } = await dialTls(port)
  socket.destroy()
  return name
}

/** Whether a server takes a connection of a version of TLS, and no newer one. */
export function takesVersion(port: number, version: SecureVersion): Promise<boolean> {
  return new Promise((resolve) => {
    // OpenSSL offers versions before 1.2 at its lowest level of security alone.
    const ciphers = 'ALL:@SECLEVEL=0'
    const versions = { minVersion: version, maxVersion: version }
    const where = { port, host: '127.0.0.1', rejectUnauthorized: false }
    const socket = connect({ ...where, ...versions, ciphers }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
