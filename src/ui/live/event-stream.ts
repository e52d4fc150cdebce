/** Events on their way to one reader (HTML standard, "Server-sent events"). */
export interface EventStream {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Sends an event. A reader who does not keep up is dropped instead. */
  send(bytes: Uint8Array<ArrayBuffer>): void
  /** Ends the stream. Harmless when repeated. */
  close(): void
}

/** What may wait for one reader. A few hundred events. */
const mostWaiting = 32 * 1024

/** @param onEnd called once: the reader has gone, was dropped, or the stream was closed */
export function eventStream(onEnd: () => void): EventStream {
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | null = null
  let isOpen = true
  const end = (finish: () => void): void => {
    if (!isOpen) return
    isOpen = false
    finish()
    onEnd()
  }
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(given) {
        controller = given
      },
      cancel() {
        end(() => {})
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: mostWaiting }),
  )
  return {
    body,
    send(bytes) {
      if (!isOpen) return
      const room = controller?.desiredSize ?? 0
      // An error also drops what waits, where a close would keep it for a reader who never comes.
      if (room < bytes.byteLength) end(() => controller?.error(new Error('the reader is too slow')))
      else controller?.enqueue(bytes)
    },
    close: () => end(() => controller?.close()),
  }
}

/** An event in bytes, the same for all who get it. */
export function eventBytes(name: string, data: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** Says nothing, and keeps proxies from taking the connection for dead. */
export const heartbeat: Uint8Array<ArrayBuffer> = new TextEncoder().encode(': still here\n\n')

/** The first bytes: how long a browser waits before it connects again, in milliseconds. */
export const greeting: Uint8Array<ArrayBuffer> = new TextEncoder().encode('retry: 5000\n\n')
