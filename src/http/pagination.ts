import { nextLink } from '../oci/link-header.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { PageRequest } from '../ports/metadata-store.ts'
import { short } from './call.ts'

const wholeNumber = /^[0-9]{1,20}$/

/**
 * Reads `n` and `last` (end-8b). A larger `n` than the registry gives is cut to that.
 *
 * @throws RegistryError `pageInvalid` when `n` is not a whole number.
 */
export function pageRequest(query: URLSearchParams, largest: number): PageRequest {
  const n = query.get('n')
  const last = query.get('last')
  if (n !== null && !wholeNumber.test(n)) {
    throw new RegistryError('pageInvalid', { detail: { n: short(n) } })
  }
  return {
    limit: n === null ? largest : Math.min(Number(n), largest),
    ...(last === null ? {} : { after: last }),
  }
}

/** The header that leads to the page after `last`, as entries to spread; none at the end. */
export function linkHeader(
  path: string,
  page: { readonly more: boolean },
  query: ReadonlyArray<readonly [string, string]>,
): Readonly<Record<string, string>> {
  return page.more ? { Link: nextLink(path, query) } : {}
}
