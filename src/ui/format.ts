import { type Html, html } from './html.ts'
import type { PageContext } from './page.ts'
import type { TimeUnit } from './text/units.ts'

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** A size as a person says it: `42 MB`, `1.3 GB`. Decimal, as clients say it. */
export function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  // 999.5 would round to 1000 of a smaller unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1
  return `${value.toFixed(digits)}\u00a0${units[unit]}`
}

/** Making one takes longer than a hundred uses of it. Languages are few. */
const formats: Map<string, Intl.NumberFormat> = new Map()

/** A count with separators of thousands. */
export function countText(count: number, { text }: Pick<PageContext, 'text'>): string {
  const { locale } = text.units
  let format = formats.get(locale)
  if (format === undefined) {
    format = new Intl.NumberFormat(locale)
    formats.set(locale, format)
  }
  return format.format(count)
}

/** A size, with the exact number of bytes on hover; a dash where it is not known. */
export function size(bytes: number | null | undefined, page: PageContext): Html {
  if (bytes === null || bytes === undefined)
    return html`<span class="none" title="${page.text.units.unknown}">–</span>`
  return html`<data value="${bytes}" title="${page.text.units.bytes(countText(bytes, page))}">${sizeText(bytes)}</data>`
}

const minute = 60_000
const spans: readonly (readonly [TimeUnit, number])[] = [
  ['year', 365.25 * 24 * 60 * minute],
  ['month', 30.44 * 24 * 60 * minute],
  ['day', 24 * 60 * minute],
  ['hour', 60 * minute],
  ['minute', minute],
]

/** An age as a person says it: `3 hours ago`. Clocks of two machines may differ by some seconds. */
export function ageText(time: number, { text, now }: Pick<PageContext, 'text' | 'now'>): string {
  const age = now - time
  if (age < -minute) return text.units.soon
  for (const [unit, ms] of spans) if (age >= ms) return text.units.ago(Math.floor(age / ms), unit)
  return text.units.justNow
}

/** How long ago something was, with the exact time on hover; a dash where it is not known. */
export function age(time: number | null | undefined, page: PageContext): Html {
  if (time === null || time === undefined)
    return html`<span class="none" title="${page.text.units.unknown}">–</span>`
  const exact = timeText(time)
  return html`<time datetime="${exact}" title="${exact.replace('T', ' ').replace(/(?:\.000)?Z$/, ' UTC')}">${ageText(time, page)}</time>`
}

/** A time in RFC 3339; one that no calendar has is the beginning of ours. */
export function timeText(time: number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString()
}

/** The part of a digest by which a person tells it from others: `3f2a9c41b7d0`. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12)
}
