import { RegistryError } from './registry-error.ts'

declare const tagBrand: unique symbol

/** A tag that was checked against the specification's grammar. */
export type Tag = string & { readonly [tagBrand]: true }

const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** The tag `text` spells, or null (distribution-spec, "Pulling manifests"). */
export function parseTag(text: string): Tag | null {
  return tagGrammar.test(text) ? (text as Tag) : null
}

/**
 * The tag `text` spells.
 *
 * @throws RegistryError `tagInvalid`.
 */
export function tagName(text: string): Tag {
  const tag = parseTag(text)
  if (tag !== null) return tag
  throw new RegistryError('tagInvalid', { detail: { tag: text.slice(0, 128) } })
}
