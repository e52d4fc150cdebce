import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Access } from 'layerdock'

/** A caller with the password may do everything, under any user name. Without one, every caller is refused. */
export function passwordAccess(password: string | undefined): Access {
  return {
    async authenticate({ headers }) {
      const given = passwordIn(headers.get('authorization'))
      if (given === null) return null
      return password && isSame(given, password) ? { id: 'password' } : { rejected: true }
    },
    authorize: async (principal, asks) => asks.map(() => (principal ? 'allow' : 'login')),
    challenge: () => 'Basic realm="registry"',
    catalog: async () => 'all',
  }
}

/** Seals sessions of the web page: the same in every worker, and another one once the password changes. */
export function sessionSecret(password = ''): Uint8Array {
  return createHmac('sha256', password).update('layerdock page session').digest()
}

function passwordIn(header: string | null): string | null {
  const encoded = /^basic ([A-Za-z0-9+/]+=*)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return null
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
    return new TextDecoder().decode(bytes).replace(/^[^:]*:/, '')
  } catch {
    return ''
  }
}

/** Takes as long for a wrong password as for the right one. */
function isSame(one: string, other: string): boolean {
  const hash = (text: string): Uint8Array => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(one), hash(other))
}
