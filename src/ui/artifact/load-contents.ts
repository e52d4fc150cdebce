import { readChart } from '../readers/chart.ts'
import { readImageConfig } from '../readers/image-config.ts'
import type { ArtifactKind } from '../readers/kinds.ts'
import type { ContentDetails, ManifestDetails } from '../readers/manifest-details.ts'
import { ofDocuments, ParseBudget } from '../readers/parse-budget.ts'
import { readSignature, signatureLayer } from '../readers/signature.ts'
import { mostDocumentBytes, readDocumentFacts } from '../readers/statement.ts'
import type {
  ConfigContents,
  Contents,
  DocumentContents,
  ReadDocument,
  Unreadable,
  UnreadContent,
} from './contents.ts'
import { type RepositoryReader, readFacts } from './read-content.ts'

/** Configs that are larger are not read, in bytes. */
export const mostConfigBytes: number = 1024 * 1024
const mostSignatureBytes = 256 * 1024
/** Documents of one artifact that are read: BuildKit puts two into it. */
const mostDocuments = 4

/** How many bytes of documents may still be read for one answer, and how much of them parsed. */
export interface DocumentBudget {
  bytes: number
  readonly parsing: ParseBudget
}

/** A budget for one artifact. */
export function documentBudget(): DocumentBudget {
  return { bytes: mostDocumentBytes, parsing: new ParseBudget(ofDocuments) }
}

/** Reads what is inside an artifact: its config, or the documents that are its layers. */
export async function loadContents(
  reader: RepositoryReader,
  kind: ArtifactKind,
  details: ManifestDetails,
): Promise<Contents> {
  const [config, documents] = await Promise.all([
    loadConfig(reader, kind, details),
    loadDocuments(reader, kind, details, documentBudget()),
  ])
  return { ...config, ...documents, unreadable: [...config.unreadable, ...documents.unreadable] }
}

/** Reads the config of an image or a chart; that of other artifacts says nothing. */
export async function loadConfig(
  reader: RepositoryReader,
  kind: ArtifactKind,
  { config }: ManifestDetails,
  budget: ParseBudget = new ParseBudget(),
): Promise<ConfigContents> {
  const none = { image: null, chart: null, unreadable: [] }
  if (config === null) return none
  const { digest } = config
  const unread = (why: Unreadable): ConfigContents => {
    return { ...none, unreadable: [{ what: 'config', digest, why }] }
  }
  if (kind === 'image') {
    const image = await readFacts(reader, digest, mostConfigBytes, within(budget, readImageConfig))
    return typeof image === 'string' ? unread(image) : { ...none, image }
  }
  if (kind === 'chart') {
    const chart = await readFacts(reader, digest, mostConfigBytes, within(budget, readChart))
    return typeof chart === 'string' ? unread(chart) : { ...none, chart }
  }
  return none
}

function within<T>(
  budget: ParseBudget,
  read: (bytes: Uint8Array) => T | null,
): (bytes: Uint8Array) => T | Unreadable | null {
  return (bytes) => (budget.takes(bytes) ? read(bytes) : 'too-large')
}

/** Reads a signature, and SBOMs and attestations as long as there are bytes left for them. */
export async function loadDocuments(
  reader: RepositoryReader,
  kind: ArtifactKind,
  details: ManifestDetails,
  budget: DocumentBudget,
): Promise<DocumentContents> {
  const documents: ReadDocument[] = []
  const unreadable: UnreadContent[] = []
  const unread = ({ digest }: ContentDetails, why: Unreadable): void => {
    unreadable.push({ what: 'document', digest, why })
  }
  const signed = signatureLayer(details)
  const found =
    signed &&
    (await readFacts(reader, signed.digest, mostSignatureBytes, (bytes) =>
      readSignature(signed, bytes),
    ))
  if (signed !== null && typeof found === 'string') unread(signed, found)
  for (const layer of documentLayers(kind, details)) {
    const { digest, size } = layer
    // Taken before it is read: others may be read meanwhile.
    const taken = Math.min(size || budget.bytes, budget.bytes)
    budget.bytes -= taken
    let left = taken
    const facts = await readFacts(reader, digest, taken, (bytes) => {
      left -= bytes.byteLength
      return readDocumentFacts(bytes, budget.parsing)
    })
    budget.bytes += left
    if (typeof facts === 'string') unread(layer, facts)
    else if (digest !== null) documents.push({ digest, ...facts })
  }
  return { signature: typeof found === 'string' ? null : found, documents, unreadable }
}

/** Layers that may be SBOMs and attestations. */
function documentLayers(
  kind: ArtifactKind,
  { layers }: ManifestDetails,
): readonly ContentDetails[] {
  if (kind !== 'sbom' && kind !== 'attestation') return []
  return layers.items.filter(({ mediaType }) => !isEmpty(mediaType)).slice(0, mostDocuments)
}

/** Whether a media type stands where a manifest has to have content and has none. */
export function isEmpty(mediaType: string): boolean {
  return mediaType === 'application/vnd.oci.empty.v1+json'
}
