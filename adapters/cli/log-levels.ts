import * as v from 'valibot'
import { didYouMean, nearest } from './nearest.ts'

const words = ['error', 'warn', 'info', 'debug', 'silent'] as const

/** How much is logged. */
export type LogLevel = (typeof words)[number]

/** What entries of the log are about. */
export const logAreas = [
  'server',
  'access',
  'events',
  'store',
  'maintenance',
  'login',
  'admin',
  'page',
  'webhooks',
] as const

/**
 * An area of the log:
 *
 * - `server`: its start, reloads and end, its listeners, requests and callbacks that failed
 * - `access`: a line for each request
 * - `events`: what was pushed, deleted and brought back; at `debug` also blobs, moved tags and pulls
 * - `store`: folder, database and bucket, and bytes that are missing or damaged
 * - `maintenance`: collection, retention, verification, uploads that were dropped
 * - `login`: users, API tokens, policy, signing keys
 * - `admin`: the admin endpoint and its operations
 * - `page`: the web page
 * - `webhooks`: deliveries
 */
export type LogArea = (typeof logAreas)[number]

/** How much is logged, of all areas and of single ones. */
export interface LogLevels {
  readonly all: LogLevel
  readonly areas: Readonly<Partial<Record<LogArea, LogLevel>>>
}

/** The level of an area. */
export function levelOf({ all, areas }: LogLevels, area: LogArea): LogLevel {
  return areas[area] ?? all
}

const known = `is not one of ${words.join(', ')}`

/** Reads `warn`, or `info,access=warn,store=debug`. */
export const logLevels: v.GenericSchemaAsync<unknown, LogLevels> = v.pipeAsync(
  v.string(`${known}; for areas it is such as info,store=debug`),
  v.rawTransformAsync(async ({ dataset, addIssue, NEVER }) => {
    const read = await parseLevels(dataset.value)
    if (typeof read !== 'string') return read
    addIssue({ message: read })
    return NEVER
  }),
)

/** Parses levels; a text says what is wrong. */
async function parseLevels(text: string): Promise<LogLevels | string> {
  let all: LogLevel | null = null
  const areas: Partial<Record<LogArea, LogLevel>> = {}
  const parts = text.split(',').map((part) => part.trim())
  for (const part of parts) {
    const [name = '', level, ...more] = part.split('=').map((word) => word.trim())
    const isArea = level !== undefined
    const wanted = words.find((word) => word === (isArea ? level : name))
    const where = parts.length > 1 || isArea ? `${part} ` : ''
    if (more.length > 0) return `${part} is not an area and its level, such as store=debug`
    if (isArea) {
      const area = logAreas.find((candidate) => candidate === name)
      if (area === undefined) {
        const guess = await didYouMean(name, logAreas)
        return `${name} is not an area: the areas are ${logAreas.join(', ')}${guess}`
      }
      if (area in areas) return `has ${area} twice`
      if (wanted !== undefined) areas[area] = wanted
    } else {
      if (all !== null) return `has two levels for all areas: ${all} and ${name}`
      if (wanted !== undefined) all = wanted
    }
    if (wanted === undefined) {
      return `${where}${known}; did you mean ${await nearest(isArea ? level : name, words)}?`
    }
  }
  return { all: all ?? 'info', areas }
}
