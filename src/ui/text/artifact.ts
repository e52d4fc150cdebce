import type { Unreadable } from '../artifact/contents.ts'
import type { PullClient } from '../artifact/pull-commands.ts'
import type { ArtifactKind } from '../readers/kinds.ts'
import { type ContentsText, contentsText } from './contents.ts'

/** What the page of a tag or digest says. */
export interface ArtifactText extends ContentsText {
  readonly kinds: Readonly<Record<ArtifactKind, string>>
  /** The same for several of them. */
  readonly groups: Readonly<Record<ArtifactKind, string>>
  readonly tabs: { readonly overview: string; readonly referrers: string; readonly raw: string }
  readonly compare: string
  readonly remove: string
  readonly facts: Readonly<
    Record<
      | 'digest'
      | 'size'
      | 'manifestSize'
      | 'mediaType'
      | 'artifactType'
      | 'pushed'
      | 'pushedBy'
      | 'pulled'
      | 'lately'
      | 'created'
      | 'aliases'
      | 'partOf'
      | 'about'
      | 'attachedTo',
      string
    >
  >
  readonly pull: {
    readonly title: string
    readonly byDigest: string
    readonly byDigestShort: string
    readonly more: string
    readonly clients: Readonly<Record<PullClient, string>>
    readonly copy: (client: string) => string
    readonly insecureDocker: string
    readonly noHost: string
  }
  readonly annotations: string
  readonly raw: {
    readonly title: string
    readonly exact: string
    readonly asPushed: string
    readonly cut: (shown: string) => string
  }
  readonly unreadable: Readonly<Record<Unreadable, string>>
  readonly parts: { readonly manifest: string; readonly config: string; readonly document: string }
  readonly more: (count: string) => string
}

/** ArtifactText in English. */
export const artifactText: ArtifactText = {
  ...contentsText,
  kinds: {
    image: 'Image',
    index: 'Image for several platforms',
    chart: 'Helm chart',
    signature: 'Signature',
    sbom: 'SBOM',
    attestation: 'Attestation',
    wasm: 'WebAssembly',
    flux: 'Flux artifact',
    argo: 'Argo CD artifact',
    model: 'AI model',
    artifact: 'Artifact',
  },
  groups: {
    image: 'Images',
    index: 'Images for several platforms',
    chart: 'Helm charts',
    signature: 'Signatures',
    sbom: 'SBOMs',
    attestation: 'Attestations',
    wasm: 'WebAssembly',
    flux: 'Flux artifacts',
    argo: 'Argo CD artifacts',
    model: 'AI models',
    artifact: 'Other artifacts',
  },
  tabs: { overview: 'Overview', referrers: 'Referrers', raw: 'Manifest' },
  compare: 'Compare',
  remove: 'Delete',
  facts: {
    digest: 'Digest',
    size: 'Size',
    manifestSize: 'Manifest',
    mediaType: 'Media type',
    artifactType: 'Artifact type',
    pushed: 'Pushed',
    pushedBy: 'Pushed by',
    pulled: 'Last pulled',
    lately: 'within the last hour',
    created: 'Created',
    aliases: 'Also tagged',
    partOf: 'Part of',
    about: 'About',
    attachedTo: 'Attached to',
  },
  pull: {
    title: 'Pull',
    byDigestShort: 'by digest',
    byDigest: 'By digest, which always gets exactly this content',
    more: 'More ways to pull',
    clients: {
      docker: 'Docker',
      podman: 'Podman',
      'podman-artifact': 'Podman 5.4 and later',
      kubernetes: 'Kubernetes',
      skopeo: 'Skopeo',
      crane: 'crane',
      oras: 'ORAS',
      helm: 'Helm',
      'kubernetes-volume': 'Kubernetes, as a volume',
    },
    copy: (client) => `Copy the command for ${client}`,
    insecureDocker:
      'This registry does not use TLS. Docker and Kubernetes pull from it once you list it in their insecure registries.',
    noHost: 'No commands are shown, because clients cannot use the name in this page’s address.',
  },
  annotations: 'Annotations',
  raw: {
    title: 'Manifest',
    exact: 'Exact bytes',
    asPushed: 'As it was pushed',
    cut: (shown) => `Only the first ${shown} are shown.`,
  },
  unreadable: {
    'too-large': 'is too large to show here',
    missing: 'is not in this repository',
    unreadable: 'cannot be read',
  },
  parts: { manifest: 'The manifest', config: 'The configuration', document: 'A document' },
  more: (count) => `and ${count} more`,
}
