import { type Html, type HtmlValue, html } from '../html.ts'

/** A fact with its name. */
export type NamedFact = readonly [name: string, value: HtmlValue]

/** A few facts in a row, at the top of a page. Those without a value are left out. */
export function factsRow(facts: readonly NamedFact[]): Html {
  return html`<dl class="facts">${rows(facts)}</dl>`
}

/** Facts one below the other, with long values. */
export function factsTable(facts: readonly NamedFact[]): Html {
  return html`<dl class="pairs">${rows(facts)}</dl>`
}

function rows(facts: readonly NamedFact[]): readonly Html[] {
  return facts
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)
}
