import type * as v from 'valibot'
import { count, duration, size, truth } from './quantities.ts'

/** One setting: what it takes and what it is for. */
export interface Setting<T> {
  /** Reads it from a flag's or variable's text, or from JSON. Its messages continue "<name> …". */
  readonly schema: v.GenericSchema<unknown, T> | v.GenericSchemaAsync<unknown, T>
  readonly default: T
  /** The default, as a person would write it; where it is missing the default is said in `help`. */
  readonly defaultText?: string
  /** What stands for the value in the help; null for a switch. */
  readonly value: string | null
  /** What it is for; of a switch that is on at first, what `--no-` does. */
  readonly help: string
  /** What people call it elsewhere, so that a wrong name leads here. */
  readonly alias?: readonly string[]
  /** Whether it may hold a secret: then no message repeats what was given. */
  readonly isSecret?: boolean
  /** Why a value may not stand on a command line, which others can read; null where it may. */
  readonly offCommandLine?: (value: T) => string | null
}

/** @param help what the switch does when it is given, also where that turns something off */
export function switched(
  initially: boolean,
  help: string,
  alias: readonly string[] = [],
): Setting<boolean> {
  return { schema: truth, default: initially, value: null, help, alias }
}

/** @param bytes the default */
export function sized(bytes: number, defaultText: string, help: string): Setting<number> {
  return { schema: size, default: bytes, defaultText, value: 'SIZE', help }
}

/** @param milliseconds the default */
export function timed(milliseconds: number, defaultText: string, help: string): Setting<number> {
  return { schema: duration, default: milliseconds, defaultText, value: 'TIME', help }
}

/** @param least the least number it takes */
export function counted(number: number, least: number, help: string): Setting<number> {
  return { schema: count(least), default: number, defaultText: String(number), value: 'N', help }
}
