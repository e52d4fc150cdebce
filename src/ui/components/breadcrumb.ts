import type { RepositoryName } from '../../oci/repository-name.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'

/** A step of the way to a page. Without `href`: the page itself. */
export interface Crumb {
  readonly label: string
  readonly href?: string
}

/** The way to a page: a link for each step but the last. */
export function breadcrumb(crumbs: readonly Crumb[], { text }: PageContext): Html {
  return html`<nav class="crumbs" aria-label="${text.layout.place}"><ol>${crumbs.map(
    ({ label, href }) =>
      href === undefined
        ? html`<li aria-current="page">${label}</li>`
        : html`<li><a href="${href}">${label}</a></li>`,
  )}</ol></nav>`
}

/** Home, the namespaces of a repository, and the repository, as steps to something in it. */
export function crumbsTo(repository: RepositoryName, page: PageContext): readonly Crumb[] {
  const parts = repository.split('/')
  const namespaces = parts.slice(0, -1).map((label, index) => ({
    label,
    href: page.paths.home({ q: `${parts.slice(0, index + 1).join('/')}/` }),
  }))
  return [
    { label: page.text.home.title, href: page.paths.home() },
    ...namespaces,
    { label: parts.at(-1) ?? repository, href: page.paths.repository(repository) },
  ]
}
