import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import type { ComparisonData } from './comparison-data.ts'

/** Draws the form to choose what is compared. */
export function choiceForm(data: ComparisonData, page: PageContext): Html {
  const { repository, from, to, platform, platforms, tags } = data
  const words = page.text.compare
  const swapped = {
    from: to?.reference ?? null,
    to: from?.reference ?? null,
    platform: platforms.length > 1 ? platform : null,
  }
  return html`<form class="tools choice" action="${page.paths.compare(repository)}" method="get">
${field('from', words.from, from?.reference)}
${field('to', words.to, to?.reference)}
${
  platforms.length < 2
    ? null
    : html`<div class="field"><label for="platform">${words.platform}</label><select id="platform" name="platform">${platforms.map((one) => html`<option${one === platform ? html` selected` : null}>${one}</option>`)}</select></div>`
}
<div class="actions"><button>${words.submit}</button>
${from === null || to === null ? null : html`<a class="button quiet" href="${page.paths.compare(repository, swapped)}">${words.swap}</a>`}</div>
<datalist id="tags">${tags.map((tag) => html`<option value="${tag}"></option>`)}</datalist>
</form>`
}

function field(name: 'from' | 'to', label: string, value: string | undefined): Html {
  return html`<div class="field"><label for="${name}">${label}</label><input id="${name}" name="${name}" list="tags" required autocomplete="off" spellcheck="false" autocapitalize="off" value="${value ?? ''}"></div>`
}
