const indent = 30
const width = 96

/** A term and what it means, in two columns; a term too long for its own stands on a line by itself. */
export function entry(term: string, meaning: string): string {
  const lines: string[] = []
  let current = ''
  for (const word of meaning.split(' ')) {
    if (current.length + word.length + 1 > width - indent) {
      lines.push(current)
      current = word
    } else current = current === '' ? word : `${current} ${word}`
  }
  lines.push(current)
  const margin = `\n${' '.repeat(indent)}`
  const room = indent - 3
  const first = term.length > room ? `${term}${margin}` : `${term.padEnd(room)} `
  return `  ${first}${lines.join(margin)}`
}
