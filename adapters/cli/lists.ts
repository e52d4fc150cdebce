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

/** An origin as browsers write it, or `*` for all. */
export const origin: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.check(isOrigin, 'holds what is not an origin such as https://ui.example.com'),
)

function isOrigin(text: string): boolean {
  if (text === '*') return true
  const written = URL.canParse(text) ? new URL(text).origin : 'null'
  // Of schemes that are not the web's, such as a browser extension's, URL knows no origin.
  return written === 'null' ? /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/.test(text) : written === text
}
