import { derivedCall } from '../../core/call-context.ts'
import { rulingOf } from '../../http/authorize.ts'
import { isSealed } from '../../http/sealed-cursor.ts'
import { type CatalogDeps, visibleRepositories } from '../../http/visible-repositories.ts'
import type { Reference } from '../../oci/reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Access, Action, CatalogScope, Ruling } from '../../ports/access.ts'
import type { Viewer } from '../viewer.ts'
import type { PageCall } from './page-call.ts'

/** What one caller may do. */
export type Permissions = Pick<Viewer, 'may' | 'permit' | 'mayRead' | 'catalog' | 'repositories'>

/** What permissions are found out from. */
export interface AskDeps extends CatalogDeps {
  readonly access: Access
  /** Whether there is a form to log in. */
  readonly canLogIn: boolean
}

/** Asks an `Access` in the name of the principal of `call`, as the registry's API asks it. */
export function askAccess(deps: AskDeps, call: PageCall): Permissions {
  const { access, canLogIn, cursors } = deps

  async function rule(
    action: Action,
    repository: RepositoryName | null,
    reference: Reference | null,
  ): Promise<Ruling> {
    const asks = [{ action, repository, reference }]
    const [decision] = await access.authorize(call.principal, asks, call)
    return rulingOf(decision)
  }

  return {
    async may(action, repository, reference) {
      return (await rule(action, repository, reference ?? null)).decision === 'allow'
    },

    async permit(action, repository, reference) {
      const ruling = await rule(action, repository, reference ?? null)
      const { decision, isImmutable, message } = ruling
      if (ruling.rule !== undefined && call.exchange !== null) call.exchange.rule = ruling.rule
      if (decision !== 'allow') {
        const kind = decision === 'login' ? 'unauthorized' : 'denied'
        throw new RegistryError(kind, message === undefined ? {} : { advice: message })
      }
      return isImmutable === undefined ? call : derivedCall(call, { isImmutable })
    },

    async mayRead(names) {
      if (names.length === 0) return []
      const asks = names.map((repository) => ({
        action: 'pull' as const,
        repository,
        reference: null,
      }))
      const decisions = await access.authorize(call.principal, asks, call)
      return names.map((_, index) => rulingOf(decisions[index]).decision === 'allow')
    },

    async catalog() {
      if ((await rule('catalog', null, null)).decision !== 'allow') return nothing
      return access.catalog?.(call.principal, call)
    },

    async repositories({ after, limit }) {
      const { decision } = await rule('catalog', null, null)
      if (decision === 'login') throw new RegistryError('unauthorized')
      if (decision === 'deny') throw new RegistryError('denied')
      const opened = after === undefined || !isSealed(after) ? after : await cursors.open(after)
      if (opened === null) throw new RegistryError('pageInvalid')
      const page = opened === undefined ? { limit } : { after: opened, limit }
      const found = await visibleRepositories(deps, call, page)
      const isNothing = after === undefined && found.items.length === 0 && found.next === null
      // A list of nothing helps nobody who has not said yet who they are.
      if (isNothing && call.principal === null && canLogIn) throw new RegistryError('unauthorized')
      return found
    },
  }
}

/** What a caller sees who may not list repositories. */
const nothing: CatalogScope = { names: [], prefixes: [] }
