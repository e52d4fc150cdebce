/** Tells which tags have a text in their name; ASCII letters match in both cases. Without a text, all do. */
export function tagFilter(text: string | undefined): (tag: string) => boolean {
  if (text === undefined || text === '') return () => true
  const lower = asciiLower(text)
  return (tag) => asciiLower(tag).includes(lower)
}

/** Tags are ASCII: a letter of another script that has an ASCII lower case, such as the Kelvin sign, is in none. */
function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
