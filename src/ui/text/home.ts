/** What the home page says. */
export interface HomeText {
  readonly title: string
}

/** HomeText in English. */
export const homeText: HomeText = {
  title: 'Repositories',
}
