import { copyField } from '../components/copy-field.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'

/** Draws what an empty registry says: the lines that push a first image to it. */
export function firstPush(host: string | null, page: PageContext): Html {
  const { home } = page.text
  const name = host ?? 'HOST:PORT'
  const image = `${name}/alpine`
  const isPlain = page.url.protocol === 'http:' && !/^(?:localhost|127\.|\[::1\])/.test(name)
  const tools: readonly (readonly [string, readonly string[]])[] = [
    ['docker', ['docker pull alpine', `docker tag alpine ${image}`, `docker push ${image}`]],
    [
      'podman',
      [
        'podman pull docker.io/library/alpine',
        `podman tag alpine ${image}`,
        `podman push${page.url.protocol === 'http:' ? ' --tls-verify=false' : ''} ${image}`,
      ],
    ],
    ['crane', [`crane copy${page.url.protocol === 'http:' ? ' --insecure' : ''} alpine ${image}`]],
  ]
  return html`<section class="empty first">
<h1>${home.emptyTitle}</h1>
<p class="lead">${home.emptyLead}</p>
<div class="tools-list">${tools.map(
    (
      [tool, lines],
      index,
    ) => html`<details name="tool"${index === 0 ? html` open` : null}><summary>${home.withTool} <b>${tool}</b></summary>
${lines.map((line) => copyField(line, page))}</details>`,
  )}</div>
${isPlain ? html`<p class="muted small">${home.plainHint(name)}</p>` : null}
<p class="muted small">${home.apiHint} <code>${page.paths.api}</code></p>
</section>`
}
