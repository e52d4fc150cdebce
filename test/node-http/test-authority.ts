import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate and its key, in PEM and as files. */
export interface TestCertificate {
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

/** An authority of a test. */
export interface TestAuthority extends TestCertificate {
  /** Issues a certificate, such as `issue('alice', '/O=acme/CN=alice', 'DNS:alice.example')`. */
  issue(name: string, subject: string, alternativeNames: string): TestCertificate
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Makes an authority with `openssl`, its files in a folder. */
export function makeAuthority(folder: string, name: string): TestAuthority {
  const file = (end: string): string => join(folder, `${name}${end}`)
  const authority = { certFile: file('.pem'), keyFile: file('.key') }
  const made = ['-keyout', authority.keyFile, '-out', authority.certFile]
  openssl(['req', '-x509', ...newKey, '-days', '1', '-subj', `/CN=${name}`, ...made])
  return {
    ...read(authority),
    issue(holder, subject, alternativeNames) {
      const [certFile, keyFile] = [file(`-${holder}.pem`), file(`-${holder}.key`)]
      const [request, extensions] = [file(`-${holder}.csr`), file(`-${holder}.ext`)]
      openssl(['req', ...newKey, '-subj', subject, '-keyout', keyFile, '-out', request])
      writeFileSync(extensions, `subjectAltName=${alternativeNames}\n`)
      const by = ['-CA', authority.certFile, '-CAkey', authority.keyFile, '-CAcreateserial']
      const ends = ['-days', '1', '-extfile', extensions, '-out', certFile]
      openssl(['x509', '-req', '-in', request, ...by, ...ends])
      return read({ certFile, keyFile })
    },
  }
}

function openssl(words: readonly string[]): void {
  execFileSync('openssl', words, { stdio: 'ignore' })
}

function read({
  certFile,
  keyFile,
}: Pick<TestCertificate, 'certFile' | 'keyFile'>): TestCertificate {
  return {
    certFile,
    keyFile,
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  }
}
