import { type Digest, parseDigest } from '../../oci/digest.ts'
import { manifestShape } from '../../oci/media-types.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import { type ContentDetails, entryOf, type ManifestDetails } from './manifest-details.ts'

/** What a manifest stands for, as far as its types tell. */
export type ArtifactKind =
  | 'image'
  | 'index'
  | 'chart'
  | 'signature'
  | 'sbom'
  | 'attestation'
  | 'wasm'
  | 'flux'
  | 'argo'
  | 'model'
  | 'artifact'

/** Media types that begin so, of the artifact, its config or one of its layers; the first that fits counts. */
const byType: ReadonlyArray<readonly [start: string, kind: ArtifactKind]> = [
  ['application/vnd.cncf.helm.', 'chart'],
  ['application/vnd.cncf.notary.signature', 'signature'],
  ['application/vnd.dev.cosign.artifact.sig.', 'signature'],
  ['application/vnd.dev.cosign.simplesigning.', 'signature'],
  ['application/vnd.dev.cosign.artifact.sbom.', 'sbom'],
  ['application/vnd.dev.sigstore.bundle.', 'signature'],
  ['application/vnd.dev.sigstore.bundle+json', 'signature'],
  ['application/spdx', 'sbom'],
  ['application/vnd.spdx', 'sbom'],
  ['text/spdx', 'sbom'],
  ['application/vnd.cyclonedx', 'sbom'],
  ['application/vnd.syft', 'sbom'],
  ['application/vnd.goharbor.harbor.sbom.', 'sbom'],
  ['application/vnd.in-toto', 'attestation'],
  ['application/vnd.dsse', 'attestation'],
  ['application/vnd.wasm.', 'wasm'],
  ['application/wasm', 'wasm'],
  ['application/vnd.module.wasm.', 'wasm'],
  ['application/vnd.w3c.wasm.', 'wasm'],
  ['application/vnd.cncf.flux.', 'flux'],
  ['application/vnd.cncf.argoproj.', 'argo'],
  ['application/vnd.docker.ai.', 'model'],
  ['application/vnd.cncf.model.', 'model'],
]

const imageConfigs = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]

/**
 * What a manifest stands for.
 *
 * @param mediaType as the registry has it
 */
export function kindOf(mediaType: string, facts: ManifestDetails): ArtifactKind {
  if (manifestShape(mediaType) === 'index') return 'index'
  const { artifactType, config, layers } = facts
  const configType = config?.mediaType ?? ''
  const bundled = entryOf(facts.annotations, 'dev.sigstore.bundle.predicateType')
  if (bundled !== null && bundled !== 'https://sigstore.dev/cosign/sign/v1') {
    return kindOfPredicate(bundled)
  }
  const own = kindByType(artifactType ?? '') ?? kindByType(configType)
  if (own !== null) return own
  // The type of what is inside says more than that of an image config, which many tools write for anything.
  const inner = kindByType(layers.items[0]?.mediaType ?? '')
  if (inner === 'attestation') return kindOfStatements(layers.items)
  if (inner !== null) return inner
  return imageConfigs.includes(configType) && artifactType === null ? 'image' : 'artifact'
}

/** What a manifest stands for, as far as the registry's record of it tells. */
export function kindOfRecord(mediaType: string, artifactType: string | undefined): ArtifactKind {
  if (manifestShape(mediaType) === 'index') return 'index'
  // The record of an image has the type of its config.
  const isImage = artifactType === undefined || imageConfigs.includes(artifactType)
  return isImage ? 'image' : kindOfType(artifactType)
}

/** What an artifact of this type is; `artifact` where nothing more is known. */
export function kindOfType(artifactType: string): ArtifactKind {
  return kindByType(artifactType) ?? 'artifact'
}

/** What a statement of this predicate type is: an SBOM, or an attestation of another kind. */
export function kindOfPredicate(predicateType: string): ArtifactKind {
  return /^https?:\/\/(?:spdx\.dev|cyclonedx\.org)\//.test(predicateType) ? 'sbom' : 'attestation'
}

/** BuildKit puts all statements about an image into one manifest. */
function kindOfStatements(layers: readonly ContentDetails[]): ArtifactKind {
  const areSboms = layers.every(({ annotations }) => {
    const predicate =
      entryOf(annotations, 'in-toto.io/predicate-type') ?? entryOf(annotations, 'predicateType')
    return predicate !== null && kindOfPredicate(predicate) === 'sbom'
  })
  return areSboms ? 'sbom' : 'attestation'
}

function kindByType(mediaType: string): ArtifactKind | null {
  return byType.find(([start]) => mediaType.startsWith(start))?.[1] ?? null
}

/** A tag that stands for what is attached to a digest, where that is said by the tag's name. */
export interface AttachedTag {
  readonly subject: Digest
  /** Null for the index of referrers that clients keep where a registry has no referrers API. */
  readonly kind: ArtifactKind | null
}

const suffixes: ReadonlyArray<readonly [suffix: string, kind: ArtifactKind | null]> = [
  ['.sig', 'signature'],
  ['.att', 'attestation'],
  ['.sbom', 'sbom'],
  ['', null],
]

/** What the name of a tag attaches it to, by the scheme of cosign or that of the referrers tag; null for other tags. */
export function attachedTag(tag: string): AttachedTag | null {
  const found = /^(sha256|sha512)-([0-9a-f]+)(\.sig|\.att|\.sbom|)$/.exec(tag)
  const subject = found && parseDigest(`${found[1]}:${found[2]}`)
  if (!subject) return null
  return { subject, kind: suffixes.find(([suffix]) => suffix === found[3])?.[1] ?? null }
}

/** The tags under which clients keep what is attached to a digest. */
export function tagsAttachedTo(digest: Digest): readonly Tag[] {
  return suffixes.flatMap(([suffix]) => parseTag(`${digest.replace(':', '-')}${suffix}`) ?? [])
}
