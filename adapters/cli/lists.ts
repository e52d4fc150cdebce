import * as v from 'valibot'
import { parseRange } from '../serving/ip-address.ts'

/** Several values: on a command line and in a variable with commas between them, in JSON an array. */
export function listOf(
  item: v.GenericSchema<string, string>,
): v.GenericSchema<unknown, readonly string[]> {
  return v.pipe(
    v.union([v.string(), v.array(v.string())], 'is not a list'),
    v.transform((given) => (typeof given === 'string' ? given.split(',') : given)),
    v.transform((items) => items.map((text) => text.trim()).filter((text) => text !== '')),
    v.array(item),
  )
}

/** A proxy: an address, a range of addresses, or `unix`. */
export const proxy: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.check(
    (text) => text === 'unix' || parseRange(text) !== null,
    'holds what is not an address, a range such as 10.0.0.0/8, or unix',
  ),
)
