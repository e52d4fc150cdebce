/** The view of a tag or digest, its referrers, comparisons and deletion. */
export const artifactStyle = `
`
