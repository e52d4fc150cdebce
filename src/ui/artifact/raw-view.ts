import { visible } from '../bounded.ts'
import { size, sizeText } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import type { ArtifactData } from './artifact-data.ts'

/** Draws a manifest as text: in lines, and as it was pushed. */
export function rawView(
  { raw, repository, digest, size: bytes }: ArtifactData,
  page: PageContext,
): Html | null {
  if (raw === null) return null
  const words = page.text.artifact.raw
  const address = page.paths.manifest(repository, { kind: 'digest', digest })
  const { text, isCut, indented } = raw
  return html`<section class="section"><h2>${words.title}</h2>
<p>${size(bytes, page)} · <a href="${address}">${words.exact}</a></p>
${isCut ? html`<p class="muted">${words.cut(sizeText(text.length))}</p>` : null}
${indented === null ? block(text) : html`${block(indented)}<details><summary>${words.asPushed}</summary>${block(text)}</details>`}
</section>`
}

function block(text: string): Html {
  return html`<pre class="raw panel" tabindex="0">${visible(text)}</pre>`
}
