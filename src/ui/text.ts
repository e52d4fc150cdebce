import { type ArtifactText, artifactText } from './text/artifact.ts'
import { type CompareText, compareText } from './text/compare.ts'
import { type DeletionText, deletionText } from './text/deletion.ts'
import { type ErrorText, errorText } from './text/errors.ts'
import { type HomeText, homeText } from './text/home.ts'
import { type LayoutText, layoutText } from './text/layout.ts'
import { type ReferrersText, referrersText } from './text/referrers.ts'
import { type RepositoryText, repositoryText } from './text/repository.ts'
import { type SessionText, sessionText } from './text/session.ts'
import { type UnitsText, unitsText } from './text/units.ts'

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

/** What the page says where no other language is given. */
export const english: UiText = {
  language: 'en',
  layout: layoutText,
  units: unitsText,
  errors: errorText,
  home: homeText,
  repository: repositoryText,
  artifact: artifactText,
  referrers: referrersText,
  compare: compareText,
  deletion: deletionText,
  session: sessionText,
}
