import { registryAccess, signedInMayAll, tokenService } from '../../src/access/index.ts'
import { createRegistry } from '../../src/index.ts'

/** A registry with tokens, made before the first request as most workers make theirs. */
const registry = createRegistry({
  access: registryAccess({
    logins: [
      {
        name: 'one',
        password: async (user, password) =>
          password === 'secret'
            ? { principal: { id: user, details: { login: 'one' } } }
            : { rejected: true },
      },
    ],
    policy: signedInMayAll({ anonymousPull: false }),
    tokens: tokenService({ service: 'edge' }),
  }),
})

export default {
  fetch: (request: Request): Response | Promise<Response> => registry.fetch(request),
}
