/** What the comparison of two tags says. */
export interface CompareText {
  readonly title: string
}

/** CompareText in English. */
export const compareText: CompareText = {
  title: 'Compare',
}
