/** The home view. */
export const homeStyle = `
`
