import { raw, html as template } from 'hono/html'

/** Markup that may be sent as it is. Only {@link html} and {@link markup} make it. */
export type Html = string & { readonly isEscaped: true }

/** What can stand in a template. Text is escaped; null, undefined and booleans are nothing. */
export type HtmlValue = string | number | boolean | null | undefined | Html | readonly HtmlValue[]

/**
 * Makes markup from a template. Every value is escaped, also in attributes, which have to be in quotes.
 *
 * @example
 * html`<a href="${page.paths.home()}">${page.text.home.title}</a>`
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  // Hono's waits only where a value is a promise, and these are not.
  return template(strings, ...values) as Html
}

/** Takes a text for markup as it is: only for what is written in this project. */
export function markup(text: string): Html {
  return raw(text) as Html
}
