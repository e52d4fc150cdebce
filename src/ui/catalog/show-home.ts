import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { type Answer, shown, type Visit } from '../visit.ts'

/** Shows the repositories that a viewer may see, and how the registry does. */
export async function showHome({ deps }: Visit): Promise<Answer> {
  return shown(deps.title, { repositories: [] }, homeView)
}

function homeView(_data: { readonly repositories: readonly string[] }, page: PageContext): Html {
  return html`<h1>${page.text.home.title}</h1>`
}
