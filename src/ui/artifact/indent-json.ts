import { endOfSpace, endOfString, endOfValue, JsonProblem, quote } from '../../core/json-scan.ts'

/**
 * Breaks JSON into lines and indents them. Every key, string and number stays as it was written, which parsing and
 * writing again would not do.
 *
 * @param most characters that the result may have
 * @returns null where it would be longer, or the text is no JSON
 */
export function indentJson(text: string, most: number): string | null {
  try {
    const start = endOfSpace(text, 0)
    if (endOfValue(text, start, 0) !== text.length) return null
    return indented(text, start, most)
  } catch (error) {
    if (error instanceof JsonProblem) return null
    throw error
  }
}

function indented(text: string, start: number, most: number): string | null {
  let out = ''
  let depth = 0
  let at = start
  const line = (): string => `\n${'  '.repeat(depth)}`
  while (at < text.length) {
    if (out.length > most) return null
    const character = text[at] ?? ''
    let end = at + 1
    switch (character) {
      case '{':
      case '[': {
        const next = endOfSpace(text, end)
        if (text[next] === '}' || text[next] === ']') {
          out += `${character}${text[next]}`
          end = next + 1
          break
        }
        depth += 1
        out += `${character}${line()}`
        break
      }
      case '}':
      case ']':
        depth -= 1
        out += `${line()}${character}`
        break
      case ',':
        out += `,${line()}`
        break
      case ':':
        out += ': '
        break
      default:
        end = text.charCodeAt(at) === quote ? endOfString(text, at) : endOfWord(text, at)
        out += text.slice(at, end)
    }
    at = endOfSpace(text, end)
  }
  return out.length > most ? null : out
}

/** Numbers, true, false and null. */
function endOfWord(text: string, start: number): number {
  ends.lastIndex = start
  return ends.test(text) ? ends.lastIndex - 1 : text.length
}

const ends = /[\s,\]}]/g
