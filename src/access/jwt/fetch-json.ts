/** How a document is fetched. */
export interface FetchOptions {
  readonly fetch: typeof fetch
  /** Ends the request and the reading of its answer. */
  readonly signal: AbortSignal
}

const mostBytes = 1024 * 1024
const mostRedirects = 3

/**
 * Fetches a JSON document of an issuer, without credentials. Redirects to another origin are not followed, and
 * of the answer no more than 1 MiB is read.
 *
 * @throws Error that says what is wrong.
 */
export async function fetchJson(url: string, options: FetchOptions): Promise<unknown> {
  let at = trustedUrl(url)
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const answer = await options.fetch(at.href, {
      headers: { Accept: 'application/json' },
      redirect: 'manual',
      signal: options.signal,
    })
    const location = answer.headers.get('location')
    if (answer.status >= 300 && answer.status < 400 && location !== null) {
      await answer.body?.cancel()
      const next = new URL(location, at)
      if (next.origin !== at.origin) {
        throw new Error(`${at.href} redirects to another host, ${next.host}`)
      }
      at = next
      continue
    }
    if (answer.status !== 200) {
      await answer.body?.cancel()
      throw new Error(`${at.href} answers with ${answer.status}`)
    }
    try {
      return JSON.parse(await boundedText(answer, at))
    } catch (error) {
      throw error instanceof SyntaxError ? new Error(`${at.href} is not JSON`) : error
    }
  }
  throw new Error(`${url} redirects again and again`)
}

/**
 * A URL of which nobody on the way can change the answer: https, or http on this machine.
 *
 * @throws Error
 */
export function trustedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) throw new Error(`"${text.slice(0, 200)}" is not a URL`)
  const isLocal = url.protocol === 'http:' && isLoopback(url.hostname)
  if (url.protocol !== 'https:' && !isLocal) throw new Error(`${url.origin} is not https`)
  if (url.username !== '' || url.password !== '') throw new Error('a URL here has no credentials')
  return url
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host)
}

async function boundedText(answer: Response, url: URL): Promise<string> {
  if (answer.body === null) return ''
  const decoder = new TextDecoder()
  const reader = answer.body.getReader()
  let text = ''
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > mostBytes) {
      await reader.cancel()
      throw new Error(`${url.href} has more than ${mostBytes} bytes`)
    }
    text += decoder.decode(value, { stream: true })
  }
}
