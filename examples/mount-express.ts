// A registry in an Express 5 app. `use` cuts its path off the requests: `stripped` says so.
import type { Server } from 'node:http'
import express from 'express'
import { createRegistry } from 'layerdock'
import { createListener } from 'layerdock/node'

const app = express()
// Before body parsers, which would leave no body of a push.
app.use('/v2', createListener(createRegistry({ stripped: '/v2' })))
app.use(express.json())
app.get('/', (_, response) => {
  response.send('my app, with a registry under /v2')
})
export const server: Server = app.listen(Number(process.env.PORT ?? 3000))
// Node would cut a push that takes longer than five minutes.
server.requestTimeout = 0
