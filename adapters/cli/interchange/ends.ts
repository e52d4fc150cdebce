import type { CopiedStores, RegistryClient } from '../../../src/kit.ts'
import type { OpenPlace } from '../copy/open-place.ts'
import { openRegistryUrl, type RegistryUrl } from './registry-url.ts'

/** One end of a transfer, opened. */
export type OpenEnd = {
  /** For people, without secrets. */
  readonly name: string
  close(): Promise<void>
} & (
  | { readonly kind: 'registry'; readonly client: RegistryClient }
  | { readonly kind: 'stores'; readonly stores: CopiedStores }
)

/** Opens a registry over HTTP where there is a URL, and stores where there is none. @throws CliError */
export async function openEnd(
  url: RegistryUrl | null,
  signal: AbortSignal,
  openStores: () => Promise<OpenPlace>,
): Promise<OpenEnd> {
  if (url !== null) {
    const client = await openRegistryUrl(url, signal)
    return { kind: 'registry', client, name: client.origin, close: async () => {} }
  }
  const { stores, parts, close } = await openStores()
  return { kind: 'stores', stores, name: parts.join(' and '), close }
}
