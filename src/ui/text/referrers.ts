/** What the list of referrers says. */
export interface ReferrersText {
  readonly title: string
}

/** ReferrersText in English. */
export const referrersText: ReferrersText = {
  title: 'Referrers',
}
