import { closest, distance } from 'fastest-levenshtein'

/** The one of `names` that looks most like `text`, whatever its case. */
export function nearest(text: string, names: readonly string[]): string {
  const lower = names.map((name) => name.toLowerCase())
  return names[lower.indexOf(closest(text.toLowerCase(), lower))] ?? ''
}

/** `; did you mean …?`, or an empty text when no name looks like `text`. */
export function didYouMean(text: string, names: readonly string[], before: string = ''): string {
  const name = nearest(text, names)
  const wrong = distance(text.toLowerCase(), name.toLowerCase())
  return wrong > Math.max(text.length, name.length) / 2 ? '' : `; did you mean ${before}${name}?`
}
