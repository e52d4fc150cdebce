/** What the page of an error says. */
export interface ErrorText {
  readonly title: (status: number) => string
  /** @param advice what the error itself says; null where it says no more than its kind */
  readonly explain: (status: number, advice: string | null) => string
  readonly requestId: string
  readonly toHome: string
}

/** ErrorText in English. */
export const errorText: ErrorText = {
  title(status) {
    if (status === 401) return 'Please log in'
    if (status === 403) return 'Not allowed'
    if (status === 404) return 'Not found'
    if (status === 405) return 'Not possible here'
    if (status === 429) return 'Too many requests'
    if (status >= 500) return 'The registry cannot answer now'
    return 'The request could not be understood'
  },
  explain(status, advice) {
    if (advice !== null && status !== 404) return `${advice[0]?.toUpperCase()}${advice.slice(1)}.`
    if (status === 401) return 'What is here is shown to those who are logged in and may see it.'
    if (status === 403) return 'You do not have permission for this.'
    if (status === 404) return 'There is nothing under this address, or nothing that you may see.'
    if (status === 405) return 'This address does not take that kind of request.'
    if (status === 429) return 'Please wait a moment and try again.'
    if (status >= 500) return 'Something went wrong on our side. Please try again in a moment.'
    return 'Please check the address.'
  },
  requestId: 'The log of the registry has the reason under',
  toHome: 'All repositories',
}
