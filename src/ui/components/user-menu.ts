import { boundedText } from '../bounded.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'

/** Who is logged in, with the way out, or the way in; nothing where there is no login. */
export function userMenu({ viewer, text, paths, csrf, here }: PageContext): Html {
  if (viewer.session !== null) {
    return html`<form class="user" method="post" action="${paths.logout()}">
<input type="hidden" name="csrf" value="${csrf ?? ''}">
<span class="user-name">${boundedText(viewer.principal?.id, 64)}</span>
<button class="quiet">${text.session.logOut}</button></form>`
  }
  // Known by a certificate, a proxy or the like: there is nothing to log out of.
  if (viewer.isLoggedIn) {
    return html`<span class="user-name">${boundedText(viewer.principal?.id, 64)}</span>`
  }
  // The form to log in is no place to come back to.
  const next = here.startsWith(paths.login()) ? null : here
  return viewer.canLogIn
    ? html`<a class="button quiet" href="${paths.login({ next })}">${text.session.logIn}</a>`
    : html``
}
