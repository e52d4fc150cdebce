/**
 * A matcher of text in which `*` stands for any run of characters, also for none. It looks for the parts between
 * the stars from left to right and never goes back, so its time is bounded whatever the pattern.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const [head = '', ...parts] = pattern.split('*')
  const tail = parts.pop()
  if (tail === undefined) return (text) => text === head
  const least = head.length + tail.length
  return (text) => {
    if (text.length < least || !text.startsWith(head) || !text.endsWith(tail)) return false
    const end = text.length - tail.length
    let at = head.length
    for (const part of parts) {
      const found = text.indexOf(part, at)
      if (found === -1 || found + part.length > end) return false
      at = found + part.length
    }
    return true
  }
}
