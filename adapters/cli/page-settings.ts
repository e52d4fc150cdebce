import * as v from 'valibot'
import { type Setting, switched, timed } from './setting.ts'

/** The web page of a server. */
export interface PageSettings {
  readonly page: boolean
  /** What the registry is called on its page. */
  readonly pageTitle: string
  /** How long a login on the page lasts, in milliseconds. */
  readonly pageSession: number
}

/** Their part of the table of settings. */
export const pageSettings: { readonly [K in keyof PageSettings]: Setting<PageSettings[K]> } = {
  page: switched(true, 'serve no web page: / is plain text for browsers too', [
    'ui',
    'web',
    'web-ui',
    'dashboard',
  ]),
  pageTitle: {
    schema: v.pipe(
      v.string('is not a text'),
      v.nonEmpty('is empty'),
      v.maxLength(100, 'is longer than 100 characters'),
    ),
    default: 'Layerdock',
    defaultText: 'Layerdock',
    value: 'TEXT',
    help: 'what the registry is called at the top of its web page',
    alias: ['title', 'name', 'ui-title'],
  },
  pageSession: timed(12 * 60 * 60_000, '12h', 'how long a login on the web page lasts'),
}
