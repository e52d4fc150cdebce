import { DeliveryFailed, parseRetryAfter, type Send } from './delivery/send.ts'
import { literalAddress, refusalOfAddress } from './ip-address.ts'

/** An answer is read to this end, in bytes, so that its connection can be used again. */
const mostBytes = 64 * 1024

/**
 * Sends by the runtime's own `fetch`: for workers and the like. It refuses private addresses that a URL spells out.
 * `fetch` does not say which address a name leads to, so that one that leads to a private address is not refused, and it
 * takes no certificates of authorities: where the URLs are not the program's own, use `webhookTransport` of
 * `layerdock/node`, `layerdock/bun` or `layerdock/deno`.
 */
export const fetchTransport: Send = async (request, signal) => {
  const { url, headers, body, allowPrivate, ca } = request
  if (ca !== null) throw new DeliveryFailed('this transport takes no certificates ("ca")')
  const address = literalAddress(url)
  const refusal = address === null ? null : refusalOfAddress(address, allowPrivate)
  if (refusal !== null) throw new DeliveryFailed(refusal)
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
  await readSome(response)
  const { status } = response
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), Date.now())
  return { status, retryAfterMs }
}

async function readSome({ body }: Response): Promise<void> {
  if (body === null) return
  const reader = body.getReader()
  let size = 0
  try {
    while (size <= mostBytes) {
      const { done, value } = await reader.read()
      if (done) return
      size += value.byteLength
    }
  } catch {
    // The status came; how the rest ends does not matter.
  }
  await reader.cancel().catch(() => {})
}
