import type { Digest } from '../../oci/digest.ts'
import type { ChartFacts } from '../readers/chart.ts'
import type { ImageConfig } from '../readers/image-config.ts'
import type { SignatureFacts } from '../readers/signature.ts'
import type { DocumentFacts } from '../readers/statement.ts'

/** Why content cannot be shown. */
export type Unreadable = 'too-large' | 'missing' | 'unreadable'

/** What the config of an image or a chart says. */
export type ConfigContents = Pick<Contents, 'image' | 'chart' | 'unreadable'>

/** What the layers of a signature, an SBOM or an attestation say. */
export type DocumentContents = Pick<Contents, 'signature' | 'documents' | 'unreadable'>

/** What is inside an artifact, as far as it can be read. */
export interface Contents {
  readonly image: ImageConfig | null
  readonly chart: ChartFacts | null
  readonly signature: SignatureFacts | null
  /** SBOMs and attestations. */
  readonly documents: readonly ReadDocument[]
  /** What could not be read, and why. */
  readonly unreadable: readonly UnreadContent[]
}

/** A document that was read. */
export interface ReadDocument extends DocumentFacts {
  readonly digest: Digest
}

/** Content that was not read. */
export interface UnreadContent {
  readonly what: 'manifest' | 'config' | 'document'
  readonly digest: Digest | null
  readonly why: Unreadable
}
