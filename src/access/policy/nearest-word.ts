/** `; did you mean "push"?` for `puhs`, or an empty text where no word looks like it. */
export function didYouMean(text: string, words: readonly string[]): string {
  const word = nearestWord(text, words)
  return word === null ? '' : `; did you mean "${word}"?`
}

/** The word that looks most like a text; null where none looks like it at all. */
export function nearestWord(text: string, words: readonly string[]): string | null {
  if (text.length > 64) return null
  let best: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const word of words) {
    const steps = distance(text.toLowerCase(), word.toLowerCase())
    if (steps >= least || steps > Math.max(text.length, word.length) / 2) continue
    best = word
    least = steps
  }
  return best
}

/** How many letters have to be put in, left out, changed, or swapped with their neighbour. */
function distance(from: string, to: string): number {
  let before: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1]
      let steps = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (isSame ? 0 : 1),
      )
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (isSwapped) steps = Math.min(steps, (before[j - 2] ?? 0) + 1)
      next.push(steps)
    }
    before = row
    row = next
  }
  return row.at(-1) ?? 0
}
