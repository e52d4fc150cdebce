import { manifestShape } from '../../oci/media-types.ts'
import type { PageContext } from '../page.ts'

/** Types of artifacts that people know by another name. */
const known: ReadonlyArray<
  readonly [start: string, name: keyof PageContext['text']['repository']['kinds']]
> = [
  ['application/vnd.cncf.helm.', 'helm'],
  ['application/vnd.dev.cosign.', 'signature'],
  ['application/vnd.dev.sigstore.', 'signature'],
  ['application/vnd.cncf.notary.', 'signature'],
  ['application/spdx', 'sbom'],
  ['text/spdx', 'sbom'],
  ['application/vnd.cyclonedx', 'sbom'],
  ['application/vnd.in-toto', 'attestation'],
  ['application/vnd.wasm', 'wasm'],
  ['application/wasm', 'wasm'],
]

/** What a manifest is, as people say it; its type where that is not known. */
export function kindText(
  mediaType: string,
  artifactType: string | null,
  { text }: PageContext,
): string {
  const { kinds } = text.repository
  if (artifactType !== null) {
    const [, name] = known.find(([start]) => artifactType.startsWith(start)) ?? []
    return name === undefined ? artifactType : kinds[name]
  }
  const shape = manifestShape(mediaType)
  if (shape === 'index') return kinds.index
  return shape === 'image' ? kinds.image : mediaType
}
