import type { RegistryHost } from '../artifact/registry-host.ts'
import { copyField } from '../components/copy-field.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'

const unknownHost: RegistryHost = { name: 'HOST:PORT', isPlain: false, isLoopback: true }

/** Draws what an empty registry says: the lines that push a first image to it. */
export function firstPush(host: RegistryHost | null, page: PageContext): Html {
  const { home } = page.text
  const { name, isPlain, isLoopback } = host ?? unknownHost
  const image = `${name}/alpine`
  const tools: readonly (readonly [string, readonly string[]])[] = [
    ['docker', ['docker pull alpine', `docker tag alpine ${image}`, `docker push ${image}`]],
    [
      'podman',
      [
        'podman pull docker.io/library/alpine',
        `podman tag alpine ${image}`,
        `podman push${isPlain ? ' --tls-verify=false' : ''} ${image}`,
      ],
    ],
    ['crane', [`crane copy${isPlain ? ' --insecure' : ''} alpine ${image}`]],
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
${isPlain && !isLoopback ? html`<p class="muted small">${home.plainHint(name)}</p>` : null}
<p class="muted small">${home.apiHint} <code>${page.paths.api}</code></p>
</section>`
}
