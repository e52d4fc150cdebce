import { RegistryError } from './registry-error.ts'

declare const repositoryNameBrand: unique symbol

/** A repository name that was checked against the specification's grammar and 255 characters. */
export type RepositoryName = string & { readonly [repositoryNameBrand]: true }

/** Clients cap `host[:port]/name` at 255, so a longer name could never be pulled. */
export const longestRepositoryName = 255

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const nameGrammar: RegExp = new RegExp(`^${component}(?:/${component})*$`)

/** The repository name `text` spells, or null (distribution-spec, "Pulling manifests"). */
export function parseRepositoryName(text: string): RepositoryName | null {
  if (text.length > longestRepositoryName) return null
  return nameGrammar.test(text) ? (text as RepositoryName) : null
}

/**
 * The repository name `text` spells.
 *
 * @throws RegistryError `nameInvalid`.
 * @example
 * await registry.service.countRepository(call, repositoryName('team/app'))
 */
export function repositoryName(text: string): RepositoryName {
  const name = parseRepositoryName(text)
  if (name !== null) return name
  throw new RegistryError('nameInvalid', { detail: { name: text.slice(0, longestRepositoryName) } })
}
