import type { TLSSocket } from 'node:tls'
import type { PeerCertificate } from '../../src/index.ts'

/** The certificate that a client showed, if the server asked for one and trusts it. */
export function clientCertificate(socket: TLSSocket): PeerCertificate | undefined {
  if (socket.authorized !== true) return undefined
  const { subject, subjectaltname, fingerprint256 } = socket.getPeerCertificate()
  if (fingerprint256 === undefined) return undefined
  const names = alternativeNames(subjectaltname ?? '')
  const ofKind = (kind: string): readonly string[] =>
    names.filter((name) => name.kind === kind).map(({ value }) => value)
  return {
    commonName: texts(subject?.CN)[0] ?? null,
    organizations: texts(subject?.O),
    uris: ofKind('URI'),
    emails: ofKind('email'),
    hosts: ofKind('DNS'),
    fingerprint: fingerprint256,
  }
}

/** A field of a subject, which may stand there several times. */
function texts(field: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(field) ? field : [field]
  return all.filter((text) => typeof text === 'string')
}

/** One alternative name of a certificate. */
interface AlternativeName {
  readonly kind: string
  readonly value: string
}

/**
 * Reads the alternative names as `node:tls` writes them: `URI:spiffe://a/b, email:a@b.c`. A value with
 * characters that could be taken for the next name is a JSON string there.
 */
export function alternativeNames(text: string): readonly AlternativeName[] {
  const names: AlternativeName[] = []
  for (const [, kind = '', value = ''] of text.matchAll(
    /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g,
  )) {
    names.push({ kind, value: value.startsWith('"') ? unquoted(value) : value })
  }
  return names
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch {
    return text
  }
}
