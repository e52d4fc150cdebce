import { fromBase64 } from '../../oci/base64.ts'
import { timeOf } from './image-config.ts'
import type { ContentDetails, ManifestDetails } from './manifest-details.ts'
import { fields, list, readShape, type Shape, text } from './shapes.ts'

/** What a signature says. Nothing of it is verified. */
export interface SignatureFacts {
  readonly format: 'cosign' | 'notation' | 'sigstore'
  /** The digest that it says it signs. */
  readonly signs: string | null
  /** The name that was signed with it. */
  readonly reference: string | null
  /** In milliseconds since the epoch. */
  readonly signedAt: number | null
  /** Whether it has a certificate with it: it was made without a key of one's own, or with one that an authority knows. */
  readonly hasCertificate: boolean
  /** Whether it says that it is in a transparency log. */
  readonly isLogged: boolean
}

/** The first layer of a manifest that is a signature of a known format; null where there is none. */
export function signatureLayer(manifest: ManifestDetails): ContentDetails | null {
  return manifest.layers.items.find(({ mediaType }) => formatOf(mediaType) !== null) ?? null
}

/**
 * Reads a signature; null where it cannot be read.
 *
 * @param layer what the manifest says of it
 */
export function readSignature(layer: ContentDetails, bytes: Uint8Array): SignatureFacts | null {
  switch (formatOf(layer.mediaType)) {
    case 'cosign':
      return readCosign(layer, bytes)
    case 'sigstore':
      return readBundle(bytes)
    case 'notation':
      return readNotation(bytes)
    default:
      return null
  }
}

function formatOf(mediaType: string): SignatureFacts['format'] | null {
  if (mediaType.startsWith('application/vnd.dev.cosign.simplesigning.')) return 'cosign'
  if (mediaType.startsWith('application/vnd.dev.sigstore.bundle')) return 'sigstore'
  return mediaType === 'application/jose+json' ? 'notation' : null
}

const longText = text(500)

const cosignShape = fields({
  critical: fields({
    identity: fields({ 'docker-reference': longText }),
    image: fields({ 'docker-manifest-digest': longText }),
  }),
})

function readCosign(layer: ContentDetails, bytes: Uint8Array): SignatureFacts | null {
  const found = readShape(bytes, cosignShape)
  if (found?.critical === undefined) return null
  const has = (key: string): boolean => layer.annotations.items.some(([name]) => name === key)
  return {
    format: 'cosign',
    signs: found.critical.image?.['docker-manifest-digest'] || null,
    reference: found.critical.identity?.['docker-reference'] || null,
    signedAt: null,
    hasCertificate: has('dev.sigstore.cosign/certificate'),
    isLogged: has('dev.sigstore.cosign/bundle'),
  }
}

const certificate = fields({ rawBytes: text(1) })

const bundleShape = fields({
  messageSignature: fields({ messageDigest: fields({ algorithm: text(32), digest: text(256) }) }),
  dsseEnvelope: fields({}),
  verificationMaterial: fields({
    certificate,
    x509CertificateChain: fields({ certificates: list(certificate, 1) }),
    tlogEntries: list(fields({}), 1),
  }),
})

function readBundle(bytes: Uint8Array): SignatureFacts | null {
  const found = readShape(bytes, bundleShape)
  if (found === null || !(found.messageSignature ?? found.dsseEnvelope)) return null
  const material = found.verificationMaterial ?? {}
  const digest = found.messageSignature?.messageDigest?.digest
  return {
    format: 'sigstore',
    signs: digest === undefined ? null : hexDigest(digest),
    reference: null,
    signedAt: null,
    hasCertificate: (material.certificate ?? material.x509CertificateChain) !== undefined,
    isLogged: (material.tlogEntries?.count ?? 0) > 0,
  }
}

const jwsShape = fields({
  payload: text(8000),
  protected: text(8000),
  header: fields({ x5c: list(text(1), 1) }),
})
const targetShape = fields({ targetArtifact: fields({ digest: longText }) })
const protectedShape = fields({ 'io.cncf.notary.signingTime': text(64) })

function readNotation(bytes: Uint8Array): SignatureFacts | null {
  const found = readShape(bytes, jwsShape)
  if (found?.payload === undefined) return null
  const target = readEncoded(found.payload, targetShape)
  const said = readEncoded(found.protected ?? '', protectedShape)
  return {
    format: 'notation',
    signs: target?.targetArtifact?.digest || null,
    reference: null,
    signedAt: timeOf(said?.['io.cncf.notary.signingTime']),
    hasCertificate: (found.header?.x5c?.count ?? 0) > 0,
    isLogged: false,
  }
}

/** Reads JSON in base64url. */
function readEncoded<T>(encoded: string, shape: Shape<T>): T | null {
  const bytes = decoded(encoded.replaceAll('-', '+').replaceAll('_', '/'))
  return bytes && readShape(bytes, shape)
}

function hexDigest(base64: string): string | null {
  const bytes = decoded(base64)
  if (bytes === null || bytes.length === 0) return null
  return `sha256:${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

function decoded(base64: string): Uint8Array | null {
  try {
    return fromBase64(base64)
  } catch {
    return null
  }
}
