import { closest } from 'fastest-levenshtein'

/** The one of `names` that looks most like `text`, whatever its case. */
export function nearest(text: string, names: readonly string[]): string {
  const lower = names.map((name) => name.toLowerCase())
  return names[lower.indexOf(closest(text.toLowerCase(), lower))] ?? ''
}
