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
