/** Tells which tags have a text in their name; ASCII letters match in both cases. Without a text, all do. */
export function tagFilter(text: string | undefined): (tag: string) => boolean {
  if (text === undefined || text === '') return () => true
  const lower = asciiLower(text)
  return (tag) => tag.toLowerCase().includes(lower)
}

/** A tag is ASCII, a text need not be: the Kelvin sign would become a k. */
function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
