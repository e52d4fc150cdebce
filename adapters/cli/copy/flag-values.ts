import * as v from 'valibot'
import { plain } from '../plain-text.ts'
import { count, size } from '../quantities.ts'
import type { Words } from '../words.ts'

/** Reads the value of a flag; what stands in for a missing or a wrong one. */
export type FlagReader = <T>(
  flag: string,
  schema: v.GenericSchemaAsync<unknown, T>,
  initially: T,
) => Promise<T>

/** Reads values of flags. Pushes what is wrong with them, a sentence each. */
export function flagReader({ values }: Words, problems: string[]): FlagReader {
  return async (flag, schema, initially) => {
    const text = values.get(flag)?.at(-1)
    if (text === undefined) return initially
    const result = await v.safeParseAsync(schema, text)
    if (result.success) return result.output
    problems.push(`--${flag} ${plain(text, 100)}: ${result.issues[0].message}`)
    return initially
  }
}

/** How much of a long command is under way at a time. */
export interface Bounds {
  readonly concurrency: number
  /** In bytes a second; null for no limit. */
  readonly rate: number | null
}

/** Reads `--concurrency` and `--rate`. */
export async function boundsOf(read: FlagReader, concurrency: number): Promise<Bounds> {
  const most = v.pipeAsync(count(1), v.maxValue(256, 'is more than 256'))
  return {
    concurrency: await read('concurrency', most, concurrency),
    rate: await read<number | null>('rate', size, null),
  }
}
