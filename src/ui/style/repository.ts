/** The repository view. */
export const repositoryStyle = `
`
