import type { ErrorName } from '../../oci/error-codes.ts'

/** What the page of an error says. */
export interface ErrorText {
  readonly title: (status: number) => string
  /** @param advice what the error itself says; null where it says no more than its kind */
  readonly explain: (status: number, advice: string | null) => string
  /** What an error of a kind says, where that is more than its status: as advice, without a full stop. */
  readonly kinds: Partial<Readonly<Record<ErrorName, string>>>
  readonly requestId: string
  readonly toHome: string
}

/** ErrorText in English. */
export const errorText: ErrorText = {
  title(status) {
    if (status === 401) return 'Please log in'
    if (status === 403) return 'Not allowed'
    if (status === 404) return 'Not found'
    if (status === 405) return 'Not allowed here'
    if (status === 429) return 'Too many requests'
    if (status >= 500) return 'The registry cannot answer now'
    return 'The request could not be understood'
  },
  explain(status, advice) {
    if (advice !== null && status !== 404) return `${advice[0]?.toUpperCase()}${advice.slice(1)}.`
    if (status === 401) return 'You have to log in to see this.'
    if (status === 403) return 'You do not have permission for this.'
    if (status === 404) return 'There is nothing at this address, or you may not see it.'
    if (status === 405) return 'This registry does not allow that here.'
    if (status === 429) return 'Please wait a moment and try again.'
    if (status >= 500) return 'Something went wrong on our side. Please try again in a moment.'
    return 'Please check the address.'
  },
  kinds: {
    deleteDisabled: 'deletes are turned off on this registry',
    readOnly: 'this registry is read-only',
    crossSite: 'the request came from a page of another site',
  },
  requestId: 'The registry’s log has the reason under',
  toHome: 'All repositories',
}
