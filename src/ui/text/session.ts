import type { LoginFacts } from '../session/login-view.ts'

/** What logging in and out says. */
export interface SessionText {
  readonly title: string
  readonly logIn: string
  readonly logOut: string
  readonly user: string
  readonly password: string
  readonly passwordHint: string
  readonly problems: Readonly<Record<NonNullable<LoginFacts['problem']>, string>>
  /** Where what is typed can be read on its way. */
  readonly isPlain: string
}
