/** What logging in and out says. */
export interface SessionText {
  readonly logIn: string
  readonly logOut: string
}

/** SessionText in English. */
export const sessionText: SessionText = {
  logIn: 'Log in',
  logOut: 'Log out',
}
