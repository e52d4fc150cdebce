import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'

/** What the form to log in shows. */
export interface LoginFacts {
  /** Where to go after it: a path of ours. */
  readonly next: string
  /** What was typed before. */
  readonly user: string
  /** What was wrong with the login before, or that a session has ended; null for nothing. */
  readonly problem: 'wrong' | 'too-long' | 'too-many' | 'ended' | null
  /** Whether what is typed can be read on its way. */
  readonly isPlain: boolean
}

/** Draws the form to log in. */
export function loginView(facts: LoginFacts, { text, paths }: PageContext): Html {
  const { session } = text
  const { next, user, problem, isPlain } = facts
  return html`<section class="login">
<h1>${session.title}</h1>
${problem === null ? null : html`<div class="notice bad" role="alert" id="login-problem">${session.problems[problem]}</div>`}
<form method="post" action="${paths.login()}">
<input type="hidden" name="next" value="${next}">
<p class="field"><label for="user">${session.user}</label>
<input id="user" name="user" value="${user}" autocomplete="username" autocapitalize="none" spellcheck="false"${problem === 'wrong' ? html` aria-describedby="login-problem"` : null}></p>
<p class="field"><label for="password">${session.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required aria-describedby="password-hint">
<small id="password-hint">${session.passwordHint}</small></p>
${isPlain ? html`<div class="notice warn">${session.isPlain}</div>` : null}
<p class="actions"><button>${session.logIn}</button></p>
</form>
</section>`
}
