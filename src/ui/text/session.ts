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

/** SessionText in English. */
export const sessionText: SessionText = {
  title: 'Log in',
  logIn: 'Log in',
  logOut: 'Log out',
  user: 'User name',
  password: 'Password',
  passwordHint: 'Your password or an API token, as for docker login.',
  problems: {
    wrong: 'The user name or the password is wrong.',
    'too-long': 'The token is too long for a browser session. Use an API token instead.',
    'too-many': 'There were too many attempts. Wait a minute and try again.',
    ended: 'Your session has ended. Log in again.',
  },
  isPlain: 'This connection is not encrypted. Others on the network can read your password.',
}
