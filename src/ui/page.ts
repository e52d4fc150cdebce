import type { Assets } from './assets.ts'
import { userMenu } from './components/user-menu.ts'
import { type Html, html, markup } from './html.ts'
import type { UiPaths } from './paths.ts'
import { script } from './script.ts'
import type { UiText } from './text.ts'
import type { Viewer } from './viewer.ts'

/** What a view may know beside its data. */
export interface PageContext {
  readonly url: URL
  /** The view's own address: its public path, with its query. */
  readonly here: string
  readonly text: UiText
  /** Builds every link, with the prefix. */
  readonly paths: UiPaths
  readonly viewer: Viewer
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Goes into every form that changes something; null where there is no session. */
  readonly csrf: string | null
  /** Whether the view learns of changes while it is open. */
  readonly live: boolean
  /** What the registry is called. */
  readonly title: string
  /** Whether deleting is offered at all: a viewer may still not have the permission. */
  readonly deletes: boolean
  /** Whether what was deleted can be brought back. */
  readonly trash: boolean
}

/** Draws a whole document around a view. */
export function layout(title: string, body: Html, page: PageContext, assets: Assets): Html {
  const { text, paths } = page
  const name = page.title
  return html`<!doctype html>
<html lang="${text.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title === name ? name : `${title} · ${name}`}</title>
<link rel="stylesheet" href="${paths.style(assets.styleHash)}">
<link rel="icon" href="${icon}">
</head>
<body>
<a class="skip" href="#main">${text.layout.skip}</a>
<header class="bar"><div class="wide">
<a class="brand" href="${paths.home()}">${mark}<span>${name}</span></a>
<nav aria-label="${text.layout.menu}">${page.trash ? html`<a class="bar-link" href="${paths.trash()}">${text.deletion.trash.title}</a>` : null}${userMenu(page)}</nav>
</div></header>
<main id="main" class="wide" tabindex="-1">
${body}
</main>
<footer class="foot"><div class="wide">
<span>${text.layout.foot}</span>
<a href="${asJson(page.url)}" data-json>${text.layout.json}</a>
</div></footer>
${scriptElement}
</body>
</html>
`
}

/** By itself, since a bundler rewrites a tagged template with this closing tag in it. */
const scriptElement: Html = markup(`<script>${script}</script>`)

/** Three containers on a dock. */
const mark: Html = markup(
  '<svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true"><path d="M2 12h5v5H2zM8.5 12h5v5h-5zM8.5 5.5h5v5h-5zM15 12h5v5h-5z" fill="currentColor"/><path d="M1 19.5h20" stroke="currentColor" stroke-width="1.5"/></svg>',
)

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 22 22'%3E%3Cpath d='M2 12h5v5H2zM8.5 12h5v5h-5zM8.5 5.5h5v5h-5zM15 12h5v5h-5zM1 18.8h20v1.4H1z' fill='%230b7a83'/%3E%3C/svg%3E"

/** The same URL: a program asks it for JSON by its Accept header. */
function asJson(url: URL): string {
  const query = new URLSearchParams(url.search)
  query.set('format', 'json')
  return `?${query}`
}
