import { shortBody } from '../serving/unread-body.ts'
import type { RequestBody } from './request-body.ts'

/**
 * Gives an answer to a request whose body is not all read, so that the connection ends behind it:
 * nothing after an unread body may be taken for a request. A long body is answered first, and read
 * on for a moment, because a connection closed with unread bytes makes the kernel send a reset,
 * which can overtake the answer on its way.
 */
export async function answerEarly(
  request: Request,
  body: RequestBody,
  response: Response,
): Promise<Response> {
  const announced = Number(request.headers.get('content-length') ?? Number.POSITIVE_INFINITY)
  if (announced <= shortBody || response.body === null) {
    return (await body.discard()) ? response : ending(response, response.body)
  }
  const bytes = new Uint8Array(await response.arrayBuffer())
  return ending(
    response,
    new ReadableStream({
      async start(controller) {
        controller.enqueue(bytes)
        await body.discard()
        controller.close()
      },
    }),
  )
}

function ending(response: Response, body: ReadableStream<Uint8Array> | null): Response {
  const headers = new Headers(response.headers)
  headers.set('Connection', 'close')
  return new Response(body, { status: response.status, headers })
}
