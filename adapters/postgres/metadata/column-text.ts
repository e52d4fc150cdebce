/** What a column cannot have as it is: zero bytes and halves of characters, and what would look like their form. */
const special = /^"|\0|[\uD800-\uDFFF]/u

/** A text of a client as a column may have it; {@link textOfColumn} gives it back. */
export function columnText(text: string): string {
  return special.test(text) ? JSON.stringify(text) : text
}

/** The text that {@link columnText} was given. */
export function textOfColumn(column: string): string {
  return column.startsWith('"') ? (JSON.parse(column) as string) : column
}

/** A text to compare names with, which have no zero bytes: the same names come after it. */
export function boundText(text = ''): string {
  const zero = text.indexOf('\0')
  return zero === -1 ? text : text.slice(0, zero)
}
