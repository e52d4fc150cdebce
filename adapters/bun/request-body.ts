import type { ByteSink, ByteSource } from '../../src/kit.ts'
import { allowFreeing, freeChunk } from '../disk/spent-chunks.ts'
import { calledOff, endedEarly, lingerBytes, lingerMs } from '../serving/unread-body.ts'

/** The body of a request, which somebody may have to read to its end after the registry. */
export interface RequestBody extends ByteSource {
  /** Whether all of it was read. */
  readonly ended: boolean
  /**
   * Reads what is left and throws it away, until it ends, the client gives up, or it was enough.
   *
   * @returns whether it ended
   */
  discard(): Promise<boolean>
}

type Read = ReadableStreamReadResult<Uint8Array>

/**
 * The body of a request, which is read once someone asks for it: until then a program may read it by itself.
 *
 * @param isUsed whether a program has read it, or began to
 * @param moved called as bytes arrive
 */
export function requestBody(
  stream: ReadableStream<Uint8Array>,
  isUsed: () => boolean,
  moved: () => void,
): RequestBody {
  let reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  /** The read that nobody has taken the bytes of yet. */
  let reading: Promise<Read> | null = null
  let ended = false
  let aborted = false
  let interrupt: (() => void) | null = null

  const read = async (): Promise<Read> => {
    reader ??= stream.getReader()
    reading ??= reader.read()
    const next = await reading
    reading = null
    ended = next.done
    return next
  }

  const pump = async (sink: ByteSink): Promise<void> => {
    for (;;) {
      const next = await read().catch((cause: unknown) => {
        throw endedEarly(cause)
      })
      if (next.done) return
      moved()
      if (aborted) throw calledOff()
      allowFreeing(next.value)
      const busy = sink(next.value)
      if (busy === undefined) continue
      // Called off, the sink still holds what it was given, so its caller hears of it after that.
      const whenIdle = interrupt
      interrupt = null
      await busy
      if (aborted) throw calledOff()
      interrupt = whenIdle
    }
  }

  return {
    get ended() {
      // What a program reads by itself is between it and Bun.
      return ended || (reader === null && (isUsed() || stream.locked))
    },
    pipe(sink) {
      if (aborted) return Promise.reject(calledOff())
      return new Promise((resolve, reject) => {
        interrupt = () => reject(calledOff())
        pump(sink).then(resolve, reject)
      })
    },
    abort() {
      aborted = true
      interrupt?.()
    },
    discard() {
      aborted = true
      return new Promise((resolve) => {
        const enough = setTimeout(resolve, lingerMs, false)
        const rest = async (): Promise<boolean> => {
          let bytes = 0
          while (!ended && bytes <= lingerBytes) {
            const { value } = await read()
            if (value === undefined) continue
            bytes += value.byteLength
            allowFreeing(value)
            freeChunk(value)
          }
          return ended
        }
        rest()
          .catch(() => false)
          .then(resolve)
          .finally(() => clearTimeout(enough))
      })
    },
  }
}
