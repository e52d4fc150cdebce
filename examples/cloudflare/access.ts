import { createHash, timingSafeEqual } from 'node:crypto'
import { type Access, RegistryError } from 'layerdock'

const challenge = 'Basic realm="registry"'

/** Whoever has the password may do everything, under any user name; where there is none, nobody. */
export function passwordAccess(password: string | undefined): Access {
  return {
    async authenticate(headers) {
      const given = passwordIn(headers.get('authorization'))
      if (given === null) return null
      if (password && isSame(given, password)) return { id: 'password' }
      throw new RegistryError('unauthorized', { headers: { 'WWW-Authenticate': challenge } })
    },
    async authorize(who, asks) {
      return asks.map(() =>
        who === null ? { kind: 'challenge', header: challenge } : { kind: 'allow' },
      )
    },
  }
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

/** Takes as long whatever was given. */
function isSame(one: string, other: string): boolean {
  const hash = (text: string): Uint8Array => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(one), hash(other))
}
