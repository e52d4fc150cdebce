/*
 * What came from a manifest, a config, an annotation, a tag or a principal is not trusted. These functions make
 * plain values of it that are bounded and can be shown. Escaping is not done here: templates do that.
 */

/**
 * Characters that are not seen, or that change how others are seen: controls but line feed and tab, marks of
 * direction, joiners, fillers, separators of lines, halves of surrogate pairs. The two selectors of how an emoji
 * looks are left alone.
 */
const hidden: RegExp =
  /(?!\n|\t|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** Marks on one letter, more than any writing has: they run over other lines, and are wider than a screen. */
const piledMarks: RegExp = /(\p{M}{6})\p{M}+/gu

/** Makes characters that are not seen visible, as `\u202e`, and cuts piles of marks on one letter. */
export function visible(text: string): string {
  return text.replace(piledMarks, '$1…').replace(hidden, (character) => {
    const code = character.codePointAt(0) ?? 0
    const hex = code.toString(16)
    return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`
  })
}

/** How long a text may be where nothing else is said, in characters. */
export const mostCharacters = 500

/**
 * A text of one line that can be shown, cut with an ellipsis; null for what is not a text, or empty.
 *
 * @param most characters
 */
export function boundedText(value: unknown, most: number = mostCharacters): string | null {
  const text = boundedLines(value, most)
  return text === null ? null : text.replace(/[\t\n]+/g, ' ')
}

/** As {@link boundedText}; line feeds and tabs stay. */
export function boundedLines(value: unknown, most: number = mostCharacters): string | null {
  if (typeof value !== 'string') return null
  // Looks at no more than that: an annotation may have megabytes.
  const cut = value.length > most ? value.slice(0, most).replace(/[\ud800-\udbff]$/, '') : value
  const text = visible(cut.replace(/\r\n?/g, '\n')).trim()
  if (text === '') return null
  return cut.length < value.length ? `${text}…` : text
}

/** A list of unknown items, at most so many of them, and how many there are. */
export interface Bounded<T> {
  readonly items: readonly T[]
  readonly total: number
}

/**
 * The first items of what should be a list, each parsed; those that parse as null are left out.
 *
 * @param most items that are looked at
 */
export function boundedList<T>(
  value: unknown,
  most: number,
  parse: (item: unknown) => T | null,
): Bounded<T> {
  if (!Array.isArray(value)) return { items: [], total: 0 }
  const items: T[] = []
  for (const item of value.slice(0, most)) {
    const parsed = parse(item)
    if (parsed !== null) items.push(parsed)
  }
  return { items, total: value.length }
}

/** The entries of what should be an object of texts, such as annotations; in their order, at most so many. */
export function boundedEntries(
  value: unknown,
  most = 100,
  mostEach: number = mostCharacters,
): Bounded<readonly [key: string, text: string]> {
  const record = objectOf(value)
  if (record === null) return { items: [], total: 0 }
  const keys = Object.keys(record)
  const items: (readonly [string, string])[] = []
  for (const key of keys.slice(0, most)) {
    const text = boundedLines(record[key], mostEach)
    if (text !== null) items.push([boundedText(key, 200) ?? '', text])
  }
  return { items, total: keys.length }
}

/** An object of unknown values; null for anything else. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return value as Readonly<Record<string, unknown>>
}

/** A whole number of bytes or so, 0 or more; null for anything else. */
export function boundedCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** A time in RFC 3339 as milliseconds since the epoch; null for anything else, and before 1980. */
export function boundedTime(value: unknown): number | null {
  if (typeof value !== 'string' || value.length > 64 || !/^\d{4}-\d\d-\d\d/.test(value)) return null
  const time = Date.parse(value)
  return Number.isFinite(time) && time >= 315532800000 ? time : null
}

/** The address of a link that a person may follow: http or https alone, without credentials. */
export function safeLink(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 2000 || !/^https?:\/\//i.test(value)) return null
  if (!URL.canParse(value)) return null
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') return null
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null
}
