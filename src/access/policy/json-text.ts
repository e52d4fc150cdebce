import type { Findings } from './findings.ts'
import { keyPath } from './findings.ts'
import { placeOfJsonError } from './json-place.ts'

const mostBytes = 1024 * 1024

/**
 * Parses the text of a document, of 1 MiB at most. A key that stands twice in one object is a problem: all readers of
 * JSON agree on none but the last.
 *
 * @returns undefined where there is a problem
 */
export function parseJsonText(text: string, findings: Findings): unknown {
  if (text.length > mostBytes || new TextEncoder().encode(text).length > mostBytes) {
    findings.problem('', 'has more than 1 MiB; give groups and claims rights instead of each user')
    return undefined
  }
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    const place = placeOfJsonError(json)
    findings.problem('', place === null ? 'is not JSON' : `is not JSON from ${place} on`)
    return undefined
  }
  const twice = doubledKeys(json)
  for (const path of twice) findings.problem(path, 'stands twice, and only one would count')
  return twice.length === 0 ? value : undefined
}

/** An object or a list that the scan is in. */
interface Place {
  /** Null of a list. */
  readonly keys: Set<string> | null
  readonly path: string
  /** What is being read: its path below this one. */
  at: string
  index: number
  awaitsKey: boolean
}

/** The paths of keys that stand more than once in their object. @param json which is valid */
function doubledKeys(json: string): readonly string[] {
  const found: string[] = []
  const places: Place[] = []
  const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g
  for (let token = tokens.exec(json); token !== null; token = tokens.exec(json)) {
    const text = token[0]
    const place = places.at(-1)
    if (text === '{' || text === '[') {
      const keys: Set<string> | null = text === '{' ? new Set() : null
      const at = keys === null ? '[0]' : ''
      const path = place === undefined ? '' : `${place.path}${place.at}`
      places.push({ keys, path, at, index: 0, awaitsKey: true })
    } else if (text === '}' || text === ']') {
      places.pop()
    } else if (text === ',' && place !== undefined) {
      place.index += 1
      place.awaitsKey = true
      if (place.keys === null) place.at = `[${place.index}]`
    } else if (place?.keys && place.awaitsKey) {
      const key = String(JSON.parse(text))
      place.awaitsKey = false
      place.at = keyPath(place.path, key).slice(place.path.length)
      if (place.keys.has(key)) found.push(`${place.path}${place.at}`)
      place.keys.add(key)
    }
  }
  return found
}
