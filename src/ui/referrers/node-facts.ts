import type { Digest } from '../../oci/digest.ts'
import type { DocumentContents, ReadDocument } from '../artifact/contents.ts'
import type { ManifestDetails } from '../readers/manifest-details.ts'

const mostLicences = 10

/** Whether what is attached names what it is attached to; null where it names nothing, or too much to look at all. */
export function saysSubject(
  { signature, documents }: DocumentContents,
  subject: Digest,
): boolean | null {
  const named = documents.flatMap(({ subjects }) => subjects.items)
  if (signature?.signs) named.push(signature.signs)
  if (named.includes(subject)) return true
  const isAll = documents.every(({ subjects }) => subjects.items.length === subjects.count)
  return named.length > 0 && isAll ? false : null
}

/** Without the names of packages: the page of the SBOM itself has them. */
export function inShort(document: ReadDocument): ReadDocument {
  const { sbom } = document
  if (sbom === null) return document
  const { packages, licences } = sbom
  const few = { ...licences, items: licences.items.slice(0, mostLicences) }
  return { ...document, sbom: { ...sbom, packages: { ...packages, items: [] }, licences: few } }
}

/** The type of what is inside, where nothing is said but that the config is that of an image. */
export function typeOf({ artifactType, config, layers }: ManifestDetails): string | null {
  if (artifactType !== null) return artifactType
  const type = config?.mediaType ?? null
  const isImage = type?.startsWith('application/vnd.oci.image.') === true
  return (isImage ? layers.items[0]?.mediaType : null) ?? type
}

/** The same, apart from the documents it was read from: a part of a text would keep all of it in memory. */
export function apart<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
