/** What the page of a tag or digest says. */
export interface ArtifactText {
  readonly title: string
}

/** ArtifactText in English. */
export const artifactText: ArtifactText = {
  title: 'Overview',
}
