import {
  accessPolicy,
  type HtpasswdLogin,
  htpasswd,
  type LoginLimit,
  type PolicyDocument,
  registryAccess,
} from '../../src/access/index.ts'
import type { Access, RegistryOptions } from '../../src/index.ts'
import { type TestRegistry, testRegistry } from '../../src/testing/index.ts'
import { createUi, type Ui, type UiOptions } from '../../src/ui/index.ts'

/** A hash of no password: what a password is held against is its user's name. */
const hash = `$2y$10$${'a'.repeat(53)}`

/** Lines of an htpasswd file. The password of each is `right`. */
export function usersText(...names: readonly string[]): string {
  return names.map((name) => `${name}:${hash}\n`).join('')
}

/** What kinds of people may do. */
export const rules: PolicyDocument['rules'] = [
  { who: 'user:admin', repositories: '**', allow: ['pull', 'push', 'delete', 'admin'] },
  { who: 'user:reader', repositories: 'team/**', allow: 'pull' },
  { who: 'user:writer', repositories: 'team/**', allow: ['pull', 'push'] },
  { who: 'user:deleter', repositories: 'team/**', allow: ['pull', 'delete'] },
  { who: 'anonymous', repositories: 'public/**', allow: 'pull' },
]

/** A page with users and a policy, and what a test turns. */
export interface PrivatePage {
  readonly ui: Ui
  readonly registry: TestRegistry
  readonly users: HtpasswdLogin
  readonly access: Access
  /** What the password of each user is. */
  password: string
}

/** Makes a page of a registry whose users are admin, reader, writer and deleter. */
export function privatePage(
  options: {
    readonly ui?: UiOptions
    readonly registry?: RegistryOptions
    readonly policy?: Partial<PolicyDocument>
    readonly loginLimit?: LoginLimit
    readonly wrap?: (access: Access) => Access
  } = {},
): PrivatePage {
  const page = { password: 'right' }
  const users = htpasswd(usersText('admin', 'reader', 'writer', 'deleter'), {
    verify: async (password) => password === page.password,
  })
  const inner = registryAccess({
    logins: [users],
    policy: accessPolicy({ rules, ...options.policy }),
    keepMs: 0,
    ...(options.loginLimit === undefined ? {} : { loginLimit: options.loginLimit }),
  })
  const access = options.wrap?.(inner) ?? inner
  const registry = testRegistry({ access, ...options.registry })
  const ui = createUi(registry, { access, ...options.ui })
  return Object.assign(page, { ui, registry, users, access })
}

/** The header of a user and a password. */
export function basic(user: string, password = 'right'): { authorization: string } {
  return { authorization: `Basic ${btoa(`${user}:${password}`)}` }
}
