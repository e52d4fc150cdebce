import * as v from 'valibot'
import { nearest } from './nearest.ts'

const kib = 1024

const sizeUnits: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KiB', kib],
  ['MiB', kib ** 2],
  ['GiB', kib ** 3],
  ['TiB', kib ** 4],
  ['kB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
])

const durationUnits: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** The longest a timer of JavaScript can wait, in milliseconds: nearly 25 days. */
const longestTimer = 2 ** 31 - 1

/** Bytes: a number, or a number with a unit, such as `4MiB`; a unit's case does not matter. */
export const size: v.GenericSchemaAsync<unknown, number> = quantity('size', sizeUnits, '4MiB', 1)

/** Milliseconds, written with a unit, such as `24h`. */
export const duration: v.GenericSchemaAsync<unknown, number> = v.pipeAsync(
  quantity('duration', durationUnits, '30s', null),
  v.maxValue(longestTimer, 'is too long: at most 24d'),
)

/** The same for what no timer waits for at once, such as `30d`. */
export const longDuration: v.GenericSchemaAsync<unknown, number> = v.pipeAsync(
  quantity('duration', durationUnits, '30d', null),
  v.maxValue(10 * 365 * 86_400_000, 'is too long: at most 3650d'),
)

/** A whole number from `least` on. */
export function count(least: number): v.GenericSchema<unknown, number> {
  const message = `is not a whole number, ${least} or more`
  return v.pipe(
    v.union([v.string(), v.number()], message),
    v.check((value) => /^[0-9]{1,15}$/.test(String(value)) && Number(value) >= least, message),
    v.transform(Number),
  )
}

/** True or false, as people write them. */
export const truth: v.GenericSchemaAsync<unknown, boolean> = v.pipeAsync(
  v.union([v.string(), v.boolean()], 'is neither true nor false'),
  v.rawTransformAsync(async ({ dataset, addIssue, NEVER }) => {
    const word = String(dataset.value).toLowerCase()
    if (['true', '1', 'yes', 'on'].includes(word)) return true
    if (['false', '0', 'no', 'off'].includes(word)) return false
    addIssue({
      message: `is neither true nor false; did you mean ${await nearest(word, ['true', 'false'])}?`,
    })
    return NEVER
  }),
)

/** One of a few words. */
export function oneOf<const T extends string>(
  ...words: readonly T[]
): v.GenericSchemaAsync<unknown, T> {
  const known = `is not one of ${words.join(', ')}`
  return v.pipeAsync(
    v.string(known),
    v.rawTransformAsync(async ({ dataset, addIssue, NEVER }) => {
      const word = words.find((candidate) => candidate === dataset.value)
      if (word !== undefined) return word
      addIssue({ message: `${known}; did you mean ${await nearest(dataset.value, words)}?` })
      return NEVER
    }),
  )
}

const outOfRange = ': it must be more than 0 and at most 2^53'

function quantity(
  noun: string,
  units: ReadonlyMap<string, number>,
  example: string,
  bare: number | null,
): v.GenericSchemaAsync<unknown, number> {
  const message = `is not a ${noun} such as ${example}`
  const names = [...units.keys()]
  return v.pipeAsync(
    v.union([v.string(), v.number()], message),
    v.rawTransformAsync(async ({ dataset, addIssue, NEVER }) => {
      const match = /^([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([a-z]*)$/i.exec(
        String(dataset.value).trim(),
      )
      if (match === null) {
        addIssue({ message })
        return NEVER
      }
      const [, digits = '', suffix = ''] = match
      const unit = names.find((name) => name.toLowerCase() === suffix.toLowerCase())
      const factor = suffix === '' ? bare : unit === undefined ? null : (units.get(unit) ?? null)
      if (factor === null) {
        const suggestion = suffix === '' ? 's' : await nearest(suffix, names)
        const isNothing = Number(digits) === 0
        const hint = isNothing ? outOfRange : `; did you mean ${digits}${suggestion}?`
        addIssue({ message: `${message}${hint}` })
        return NEVER
      }
      const value = Math.round(Number(digits) * factor)
      if (value > 0 && Number.isSafeInteger(value)) return value
      addIssue({ message: `${message}${outOfRange}` })
      return NEVER
    }),
  )
}
