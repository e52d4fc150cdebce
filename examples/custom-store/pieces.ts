import type { ByteSpan } from 'layerdock/kit'
import type { KeyValue } from './key-value.ts'

/** A value under `pieces/<upload>/<random>`, and how many bytes it has. */
export interface Piece {
  readonly key: string
  readonly size: number
}

/** The bytes of `span`; throws where some are missing. */
export async function* readPieces(
  values: KeyValue,
  pieces: readonly Piece[],
  { start, end }: ByteSpan,
): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const { key, size } of pieces) {
    if (at < end && at + size > start) {
      const bytes = await values.get(key)
      if (bytes === null) throw new Error(`${key} is gone`)
      yield bytes.subarray(Math.max(start - at, 0), end - at)
    }
    at += size
  }
  if (end > at) throw new Error(`the bytes end at ${at}, before ${end}`)
}

/** A stream that reads nothing before it is asked for. */
export function streamOf(bytes: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await bytes.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel: async () => void (await bytes.return(undefined)),
    },
    { highWaterMark: 0 },
  )
}
