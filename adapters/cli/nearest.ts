/** The one of `names` that looks most like `text`, whatever its case. */
export async function nearest(text: string, names: readonly string[]): Promise<string> {
  const { closest } = await library()
  const lower = names.map((name) => name.toLowerCase())
  return names[lower.indexOf(closest(text.toLowerCase(), lower))] ?? ''
}

/** `; did you mean …?`, or an empty text when no name looks like `text`. */
export async function didYouMean(
  text: string,
  names: readonly string[],
  before: string = '',
): Promise<string> {
  const { distance } = await library()
  const name = await nearest(text, names)
  const wrong = distance(text.toLowerCase(), name.toLowerCase())
  return wrong > Math.max(text.length, name.length) / 2 ? '' : `; did you mean ${before}${name}?`
}

/** Loaded once something is misspelt: a server that starts does without it. */
function library(): Promise<typeof import('fastest-levenshtein')> {
  return import('fastest-levenshtein')
}
