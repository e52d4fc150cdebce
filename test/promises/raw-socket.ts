import { connect } from 'node:net'

/** An answer as it arrived over the wire. */
export interface RawAnswer {
  readonly status: number
  /** By lowercase name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Everything that arrived on one connection until the server closed it. */
export interface Exchange {
  readonly text: string
  readonly answers: readonly RawAnswer[]
}

/** Longest wait for a byte or for the end of a connection, in milliseconds: only a bound. */
const patience = 100_000

/**
 * Sends bytes as they are (strings as latin1) and reads until the server closes the connection. A
 * connection that stays open fails the test.
 */
export function exchange(
  port: number,
  ...parts: ReadonlyArray<string | Uint8Array>
): Promise<Exchange> {
  return talk(port, parts, () => false)
}

/** Likewise, but closes the connection after one answer, which must have a Content-Length. */
export function firstAnswer(
  port: number,
  ...parts: ReadonlyArray<string | Uint8Array>
): Promise<Exchange> {
  return talk(port, parts, (text) => {
    const start = text.indexOf('\r\n\r\n') + 4
    const [, length] = /^content-length: (\d+)\r$/im.exec(text.slice(0, start)) ?? []
    return start > 3 && length !== undefined && text.length >= start + Number(length)
  })
}

function talk(
  port: number,
  parts: ReadonlyArray<string | Uint8Array>,
  isEnough: (text: string) => boolean,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of parts) {
        socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
      }
    })
    socket.setTimeout(patience, () => {
      socket.destroy()
      reject(new Error(`still open after ${patience} ms, having sent ${Buffer.concat(chunks)}`))
    })
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (isEnough(Buffer.concat(chunks).toString('latin1'))) socket.destroy()
    })
    // A server may refuse the rest of a request with a reset; the bytes read before it still count.
    socket.on('error', () => {})
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1')
      resolve({ text, answers: answersIn(text) })
    })
  })
}

/** A request's head. It gets a `Host` unless the lines have one. */
export function head(requestLine: string, ...lines: readonly string[]): string {
  const host = lines.some((line) => /^host\s*:/i.test(line)) ? [] : ['Host: registry.test']
  return `${[requestLine, ...host, ...lines].join('\r\n')}\r\n\r\n`
}

/** Splits a server's bytes into answers, by their lengths. */
function answersIn(text: string): readonly RawAnswer[] {
  const found: RawAnswer[] = []
  let rest = text
  while (rest.startsWith('HTTP/1.1 ')) {
    const end = rest.indexOf('\r\n\r\n')
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
      }),
    )
    const status = Number(statusLine.split(' ')[1])
    const start = end + 4
    const length = status === 100 ? 0 : Number(headers.get('content-length') ?? 0)
    const chunked = headers.get('transfer-encoding') === 'chunked'
    const stop = chunked ? rest.indexOf('0\r\n\r\n', start) + 5 : start + length
    found.push({ status, headers, body: rest.slice(start, stop) })
    rest = rest.slice(stop)
  }
  return found
}
