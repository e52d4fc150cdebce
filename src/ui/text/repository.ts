/** What the page of a repository says. */
export interface RepositoryText {
  readonly tags: string
}

/** RepositoryText in English. */
export const repositoryText: RepositoryText = {
  tags: 'Tags',
}
