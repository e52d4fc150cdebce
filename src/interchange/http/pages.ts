import { ContentFault } from '../content.ts'
import { problemIn, readBody } from './read-body.ts'
import type { RegistryClient } from './registry-client.ts'

/** Bytes of one page of a list at most. */
const mostPageBytes = 32 * 1024 * 1024
/** Pages of one list at most: a registry that never ends one is not walked for ever. */
const mostPages = 100_000

/** The `next` of a `Link` header (RFC 8288); null where there is none. */
export function nextIn(header: string | null): string | null {
  for (const [, target = '', parameters = ''] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)/i.test(parameters)) return target
  }
  return null
}

/**
 * The pages of a list, one in memory at a time; null for an answer with this status in place of the first.
 *
 * @param none statuses that say that there is no such list
 * @throws ContentFault
 */
export async function* pagesOf(
  client: RegistryClient,
  first: URL,
  scopes: readonly string[],
  none: readonly number[],
): AsyncGenerator<Uint8Array | null> {
  const seen: Set<string> = new Set()
  let url: URL | null = first
  while (url !== null) {
    seen.add(url.href)
    if (seen.size > mostPages) throw new ContentFault('refused', 'the list does not end')
    const headers = { accept: 'application/json, application/vnd.oci.image.index.v1+json' }
    const response: Response = await client.send(url, { headers, scopes })
    if (seen.size === 1 && none.includes(response.status)) {
      await response.body?.cancel()
      yield null
      return
    }
    if (response.status !== 200) throw new ContentFault('refused', await problemIn(response))
    const next: string | null = nextIn(response.headers.get('link'))
    yield await readBody(response, mostPageBytes)
    if (next === null) return
    url = client.resolve(next, url)
    if (url === null || seen.has(url.href)) {
      throw new ContentFault('refused', `the list goes on at ${next.slice(0, 200)}`)
    }
  }
}

/** A list of strings in a page; empty where there is none. @throws ContentFault */
export function stringsIn(page: Uint8Array, key: string): readonly string[] {
  let document: unknown
  try {
    document = JSON.parse(new TextDecoder().decode(page))
  } catch {
    throw new ContentFault('refused', 'a page of the list is not JSON')
  }
  const list = (document as Record<string, unknown> | null)?.[key]
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : []
}
