import type { Unreadable } from '../artifact/contents.ts'
import type { PullClient } from '../artifact/pull-commands.ts'
import type { ArtifactKind } from '../readers/kinds.ts'
import type { ContentsText } from './contents.ts'

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
