import { fromBase64 } from '../../oci/base64.ts'
import { timeOf } from './image-config.ts'
import { ofDocuments, ParseBudget } from './parse-budget.ts'
import { type SbomSummary, sbomFields } from './sbom.ts'
import {
  type Fields,
  fields,
  type Listed,
  list,
  nothing,
  readShape,
  type Shape,
  text,
} from './shapes.ts'

/** How something was built (SLSA provenance, version 0.2 or 1). */
export interface Provenance {
  readonly builder: string | null
  readonly buildType: string | null
  /** Where its source came from. */
  readonly source: string | null
  /** In milliseconds since the epoch, as the next. */
  readonly startedAt: number | null
  readonly finishedAt: number | null
  /** Sources, images and packages that went into it. */
  readonly materials: number
}

/** What a document says that is attached to something: an SBOM, an in-toto statement, or one within the other. */
export interface DocumentFacts {
  /** Of the in-toto statement; null where it is none. */
  readonly predicateType: string | null
  /** The digests of what the statement says it is about. */
  readonly subjects: Listed<string>
  readonly sbom: SbomSummary | null
  readonly provenance: Provenance | null
  /** Whether it came in an envelope with signatures. They are not verified. */
  readonly signatures: number
}

/** Documents that are larger are not read, in bytes. */
export const mostDocumentBytes: number = 4 * 1024 * 1024

/**
 * Reads an SBOM, an in-toto statement, a DSSE envelope or a Sigstore bundle; null where it is none of them or cannot be
 * read.
 *
 * @param budget of the view: what does not fit is too large
 */
export function readDocumentFacts(
  bytes: Uint8Array,
  budget: ParseBudget = new ParseBudget(ofDocuments),
): DocumentFacts | 'too-large' | null {
  if (!budget.takes(bytes)) return 'too-large'
  const outer = readLayer(bytes)
  if (outer === null) return null
  if (outer.payload === null) return outer.facts
  if (!budget.takes(outer.payload)) return 'too-large'
  const inner = readLayer(outer.payload)
  return inner === null || inner.facts === null
    ? null
    : { ...inner.facts, signatures: outer.signatures }
}

/** Subjects of a statement that are looked at. */
const mostSubjects = 20
const longText = text(1000)

interface Layer {
  /** Null where it is neither a statement nor an SBOM. */
  readonly facts: DocumentFacts | null
  /** What is inside, where it is an envelope. */
  readonly payload: Uint8Array | null
  readonly signatures: number
}

function readLayer(bytes: Uint8Array): Layer | null {
  // One for each place where an SBOM may stand, since they count.
  const whole = sbomFields()
  const inside = sbomFields()
  const found = readShape(
    bytes,
    fields({
      ...whole.shapes,
      ...envelopeShapes,
      dsseEnvelope: fields(envelopeShapes),
      predicateType: longText,
      subject: list(fields({ digest: fields({ sha256: text(64) }) }), mostSubjects),
      predicate: fields({ ...inside.shapes, ...provenanceShapes }),
    }),
  )
  if (found === null) return null
  const { payload, signatures } = found.dsseEnvelope ?? found
  if (payload !== undefined) {
    return { facts: null, payload, signatures: signatures?.count ?? 0 }
  }
  const predicateType = found.predicateType || null
  const sbom = whole.summary(found) ?? inside.summary(found.predicate ?? {})
  if (sbom === null && predicateType === null) return { facts: null, payload: null, signatures: 0 }
  const { items, count } = found.subject ?? nothing
  const isProvenance = predicateType?.startsWith('https://slsa.dev/provenance/') === true
  const facts = {
    predicateType,
    subjects: {
      items: items.flatMap(({ digest }) => (digest?.sha256 ? [`sha256:${digest.sha256}`] : [])),
      count,
    },
    sbom,
    provenance: isProvenance ? provenanceOf(found.predicate ?? {}) : null,
    signatures: 0,
  }
  return { facts, payload: null, signatures: 0 }
}

/** Bytes in base64. The document they are in was bounded already. */
const base64: Shape<Uint8Array> = (reader) => {
  if (reader.kind() !== 'string') {
    reader.skip()
    return undefined
  }
  try {
    return fromBase64(reader.cutString(mostDocumentBytes).text)
  } catch (error) {
    if (error instanceof DOMException) return new Uint8Array()
    throw error
  }
}

const envelopeShapes = { payload: base64, signatures: list(fields({}), 0) }

const provenanceShapes = {
  // Version 0.2
  builder: fields({ id: longText }),
  buildType: longText,
  invocation: fields({ configSource: fields({ uri: longText }) }),
  materials: list(fields({}), 0),
  // Version 1
  buildDefinition: fields({
    buildType: longText,
    externalParameters: fields({
      source: longText,
      configSource: fields({ uri: longText }),
      workflow: fields({ repository: longText }),
    }),
    resolvedDependencies: list(fields({}), 0),
  }),
  runDetails: fields({
    builder: fields({ id: longText }),
    metadata: fields({ startedOn: text(64), finishedOn: text(64) }),
  }),
}

const timesShape = { metadata: fields({ buildStartedOn: text(64), buildFinishedOn: text(64) }) }

function provenanceOf(found: Fields<typeof provenanceShapes>): Provenance {
  const { buildDefinition, runDetails } = found
  const { metadata } = found as Fields<typeof timesShape>
  const { externalParameters } = buildDefinition ?? {}
  const builder = runDetails?.builder?.id || found.builder?.id
  const source =
    externalParameters?.workflow?.repository ||
    externalParameters?.configSource?.uri ||
    externalParameters?.source ||
    found.invocation?.configSource?.uri
  return {
    builder: builder || null,
    buildType: (buildDefinition?.buildType ?? found.buildType) || null,
    source: source || null,
    startedAt: timeOf(runDetails?.metadata?.startedOn ?? metadata?.buildStartedOn),
    finishedAt: timeOf(runDetails?.metadata?.finishedOn ?? metadata?.buildFinishedOn),
    materials: (buildDefinition?.resolvedDependencies ?? found.materials)?.count ?? 0,
  }
}
