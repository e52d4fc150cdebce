import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Arrived, ReceiverKind } from './receivers.ts'

/** A receiver that listens on loopback. */
export interface ReceiverServer {
  readonly url: string
  /** Every request that it took, in the order in which they came. */
  readonly taken: readonly (Arrived & { readonly image: string | null })[]
  /** Answers requests with this status from now on, and takes none; null ends that. */
  fail(status: number | null): void
  /** How many requests came. */
  asked(): number
  close(): void
}

/**
 * Starts a receiver that parses as a program does.
 *
 * @param isDown whether it answers 503 to the request of this number, from 1
 */
export async function startReceiver(
  kind: ReceiverKind,
  token: string,
  isDown: (request: number) => boolean = () => false,
): Promise<ReceiverServer> {
  const taken: (Arrived & { readonly image: string | null })[] = []
  let failing: number | null = null
  let asked = 0
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      asked += 1
      if (failing !== null || isDown(asked)) return response.writeHead(failing ?? 503).end()
      const arrived = {
        method: request.method ?? '',
        headers: request.headers as Arrived['headers'],
        body,
      }
      const { status, image } = kind(arrived, token)
      if (status < 300) taken.push({ ...arrived, image })
      return response.writeHead(status).end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/s3cret-path`,
    taken,
    fail(status) {
      failing = status
    },
    asked: () => asked,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
