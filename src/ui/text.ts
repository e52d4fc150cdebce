import type { ArtifactText } from './text/artifact.ts'
import type { CompareText } from './text/compare.ts'
import type { DeletionText } from './text/deletion.ts'
import type { ErrorText } from './text/errors.ts'
import type { HomeText } from './text/home.ts'
import type { LayoutText } from './text/layout.ts'
import type { ReferrersText } from './text/referrers.ts'
import type { RepositoryText } from './text/repository.ts'
import type { SessionText } from './text/session.ts'
import type { UnitsText } from './text/units.ts'

/** All that the page says. Another language is another object of this type. */
export interface UiText {
  /** As in `<html lang>`. */
  readonly language: string
  readonly layout: LayoutText
  readonly units: UnitsText
  readonly errors: ErrorText
  readonly home: HomeText
  readonly repository: RepositoryText
  readonly artifact: ArtifactText
  readonly referrers: ReferrersText
  readonly compare: CompareText
  readonly deletion: DeletionText
  readonly session: SessionText
}
