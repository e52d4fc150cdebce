/** The one of `names` that looks most like `text`, whatever its case. */
export function nearest(text: string, names: readonly string[]): string {
  let best = ''
  let least = Number.POSITIVE_INFINITY
  for (const name of names) {
    const distance = distanceBetween(text, name)
    if (distance >= least) continue
    best = name
    least = distance
  }
  return best
}

/** `; did you mean …?`, or an empty text when no name looks like `text`. */
export function didYouMean(text: string, names: readonly string[], before: string = ''): string {
  const name = nearest(text, names)
  const wrong = distanceBetween(text, name)
  return wrong > Math.max(text.length, name.length) / 2 ? '' : `; did you mean ${before}${name}?`
}

/** A longer text is like no name, and comparing takes the product of the lengths. */
const longest = 256

/**
 * How many characters have to be added, removed or replaced to make one text of the other, their case
 * aside (Levenshtein's distance).
 */
function distanceBetween(one: string, other: string): number {
  const from = one.slice(0, longest).toLowerCase()
  const to = other.slice(0, longest).toLowerCase()
  // Distances of what was read of `from` so far to each beginning of `to`.
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let read = 1; read <= from.length; read += 1) {
    const next = [read]
    for (let at = 1; at <= to.length; at += 1) {
      const replaced = (row[at - 1] as number) + (from[read - 1] === to[at - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[at] as number) + 1, (next[at - 1] as number) + 1))
    }
    row = next
  }
  return row[to.length] as number
}
