// A registry and its web page below a path of an Express 5 app, for those who log in. `use` cuts its path off the
// requests: `stripped` says so to both.
import type { Server } from 'node:http'
import express from 'express'
import { createRegistry } from 'layerdock'
import { htpasswd, registryAccess, signedInMayAll } from 'layerdock/access'
import { createListener } from 'layerdock/node'
import { createUi } from 'layerdock/ui'

/** Alice, whose password is `secret`. */
const users = htpasswd('alice:$2b$10$ClIpUBINabZ1hFXh9FzFa.G9EodzFK.JbvErXLuyLsXXZaofuxgmG')
const access = registryAccess({ logins: [users], policy: signedInMayAll() })
const place = { prefix: '/registry', stripped: '/registry' }
const page = createUi(createRegistry({ access, ...place }), { access, ...place })

const app = express()
// Before body parsers, which would leave nothing of a push, nor of a form.
app.use('/registry', createListener(page))
app.use(express.urlencoded())
app.get('/', (_, response) => {
  response.send('my app, with a registry under /registry')
})
export const server: Server = app.listen(Number(process.env.PORT ?? 3000))
// Node would cut a push that takes longer than five minutes.
server.requestTimeout = 0
