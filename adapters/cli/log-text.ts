import { plain } from './plain-text.ts'

/** The longest line of a request, as far as its parts can be shortened. */
const columns = 120
/** A path keeps this much, however long the rest of its line is. */
const shortestPath = 30

/** An entry of the log, given as a line of JSON, as a person at a terminal reads it. */
export function asText(line: string): string {
  const { level, time, ...fields } = JSON.parse(line) as Record<string, unknown>
  const start = `${String(time).slice(11, 19)} ${String(level).padEnd(5)} `
  if (fields.msg === 'request') return `${start}${requestText(fields, columns - start.length)}\n`
  if (typeof fields.event === 'string') return `${start}${eventText(fields)}\n`
  const { msg, err, area: _, ...rest } = fields
  const others = Object.entries(rest).map(([name, value]) => `${name}=${format(value)}`)
  const trace = isTrace(err) ? `\n${err.stack.replace(/^/gm, '  ')}` : ''
  return `${start}${[msg, ...others].join(' ')}${trace}\n`
}

/**
 * `201 PUT /v2/app/manifests/1 1.2 kB in, 3 ms, docker/27.1 at 192.0.2.7, ci, id 1f2e3d4c-7`, at most `width` long, but
 * for ids of others.
 */
function requestText(fields: Record<string, unknown>, width: number): string {
  const { status, method, path, received, bytes, ms, userAgent, client, aborted } = fields
  const { digest, principal, requestId, traceId } = fields
  const start = `${status ?? '---'} ${method} `
  const isNamed = typeof digest !== 'string' || String(path).includes(digest.slice(-64))
  const told = [
    isNamed ? null : shortened(digest),
    typeof received === 'number' ? `${sizeText(received)} in` : null,
    typeof bytes === 'number' && bytes > 0 ? `${sizeText(bytes)} out` : null,
    typeof ms === 'number' ? timeText(ms) : null,
    aborted === true ? 'cut off' : null,
  ]
  const ids = [
    typeof principal === 'string' ? principal : null,
    typeof requestId === 'string' ? `id ${requestId}` : null,
    typeof traceId === 'string' ? `trace ${traceId}` : null,
  ]
  const endWith = (caller: string | null): string =>
    [...told, caller, ...ids].filter((part) => part !== null).join(', ')
  const roomBeside = (end: string): number => width - start.length - end.length - 1
  const whole = endWith(callerText(userAgent, client))
  const shorter = endWith(callerText(null, client))
  const needs = shortened(String(path)).length
  const end =
    [whole, shorter].find((text) => roomBeside(text) >= needs) ??
    [whole, shorter].find((text) => roomBeside(text) >= shortestPath) ??
    endWith(null)
  return `${start}${pathText(String(path), Math.max(roomBeside(end), shortestPath))} ${end}`
}

/** `pushed team/app:1 sha256:0123456789ab… 42 MB by ci`. */
function eventText(fields: Record<string, unknown>): string {
  const { msg, repository, digest, from, size, tagCount, manifests, by } = fields
  const tags: readonly unknown[] = Array.isArray(fields.tags) ? fields.tags : []
  const others = (typeof tagCount === 'number' ? tagCount : tags.length) - 1
  const name = tags.length === 0 ? `${repository}` : `${repository}:${tags[0]}`
  const parts = [
    `${msg} ${name}`,
    tags.length > 0 && others > 0 ? `and ${others} more` : null,
    typeof digest === 'string' ? shortened(digest) : null,
    typeof from === 'string' ? `from ${from}` : null,
    typeof manifests === 'number' ? `with ${manifests} manifests and ${tagCount} tags` : null,
    typeof size === 'number' ? sizeText(size) : null,
    typeof by === 'string' ? `by ${by}` : null,
  ]
  return parts.filter((part) => part !== null).join(' ')
}

/** A text with its digests and session ids cut short. */
function shortened(text: string): string {
  return text
    .replace(/\b(sha(?:256|512)(?::|%3[Aa])[0-9a-f]{12})[0-9a-f]+/g, '$1…')
    .replace(/\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '$1…')
}

/** A path with its digests and session ids cut short, and its middle left out where it is too long. */
function pathText(path: string, room: number): string {
  const short = shortened(path)
  if (short.length <= room) return short
  const kept = room - 1
  const head = Math.ceil(kept / 2)
  return `${short.slice(0, head)}…${short.slice(short.length - (kept - head))}`
}

function callerText(userAgent: unknown, client: unknown): string | null {
  const program = typeof userAgent === 'string' ? (userAgent.split(' ', 1)[0] ?? '') : ''
  const name = program.length > 24 ? `${program.slice(0, 23)}…` : program
  if (typeof client !== 'string') return name === '' ? null : name
  return name === '' ? client : `${name} at ${client}`
}

/** `1.2 kB`: three digits are enough to see what it was. */
function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`
}

function timeText(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? ms : Math.round(ms)} ms`
  return `${Number((ms / 1000).toPrecision(3))} s`
}

function format(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[^\s"]+$/.test(text) ? plain(text, 2048) : plain(JSON.stringify(text), 2048)
}

function isTrace(error: unknown): error is { readonly stack: string } {
  return typeof (error as { stack?: unknown } | undefined)?.stack === 'string'
}
