import { RegistryError } from '../../oci/registry-error.ts'
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
    const read: Page = await readPage(client, url, scopes, seen.size === 1 ? none : [])
    yield read.page
    const { next } = read
    if (next === null) return
    url = client.resolve(next, url)
    if (url === null || seen.has(url.href)) {
      throw new ContentFault('refused', `the list goes on at ${next.slice(0, 200)}`)
    }
  }
}

interface Page {
  readonly page: Uint8Array | null
  readonly next: string | null
}

async function readPage(
  client: RegistryClient,
  url: URL,
  scopes: readonly string[],
  none: readonly number[],
): Promise<Page> {
  const headers = { accept: 'application/json, application/vnd.oci.image.index.v1+json' }
  for (let attempt = 1; ; attempt += 1) {
    const response = await client.send(url, { headers, scopes })
    if (none.includes(response.status)) {
      await response.body?.cancel()
      return { page: null, next: null }
    }
    if (response.status !== 200) throw new ContentFault('refused', await problemIn(response))
    try {
      const page = await readBody(response, mostPageBytes)
      return { page, next: nextIn(response.headers.get('link')) }
    } catch (error) {
      // It ended too early.
      if (!(error instanceof RegistryError) || attempt === mostAttempts) throw error
    }
  }
}

/** How often a page is asked for that does not come whole. */
const mostAttempts = 4

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
