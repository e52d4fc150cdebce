import type { PageContext } from '../page.ts'
import type { ArtifactKind } from '../readers/kinds.ts'

/** What a manifest is, as people say it; its type where that says more. */
export function kindText(
  kind: ArtifactKind,
  artifactType: string | null,
  { text }: PageContext,
): string {
  return kind === 'artifact' && artifactType !== null ? artifactType : text.artifact.kinds[kind]
}
