import { factsTable } from '../components/facts-list.ts'
import { outsideLink } from '../components/outside-link.ts'
import { age } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import type { RepositoryData } from './repository-data.ts'

/** Draws what the newest image says of itself. */
export function aboutView({ about, repository }: RepositoryData, page: PageContext): Html {
  const words = page.text.repository
  if (about === null) return html`<p class="muted">${words.nothingSaid}</p>`
  const link = (address: string | null): Html | null =>
    address === null ? null : outsideLink(address)
  const tag = html`<a href="${page.paths.artifact(repository, { kind: 'tag', tag: about.tag })}">${about.tag}</a>`
  return html`${factsTable([
    [words.title, about.title],
    [words.description, about.description],
    [words.version, about.version],
    [words.licence, about.licenses],
    [words.source, link(about.source)],
    [words.documentation, link(about.documentation)],
    [words.home, link(about.home)],
    [words.readme, link(about.readme)],
    [words.vendor, about.vendor],
    [words.authors, about.authors],
    [words.revision, about.revision],
    [words.base, about.base],
    [words.created, about.createdAt === null ? null : age(about.createdAt, page)],
  ])}
<p class="muted small gap-above">${words.saidBy} ${tag}</p>`
}
