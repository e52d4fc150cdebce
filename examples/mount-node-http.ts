// A registry inside a plain Node server, below a path of its own. The name of an image has no place
// for such a path: it is for a proxy in front that adds it, and for clients that take a URL.
import { createServer, type Server } from 'node:http'
import { createRegistry } from 'layerdock'
import { createListener } from 'layerdock/node'

const prefix = '/registry'
const answer = createListener(createRegistry({ prefix }))
export const server: Server = createServer((incoming, outgoing) => {
  if (incoming.url?.startsWith(`${prefix}/v2`)) answer(incoming, outgoing)
  else outgoing.end('my server, with a registry under /registry/v2')
})
// Node would cut a push that takes longer than five minutes.
server.requestTimeout = 0
server.listen(Number(process.env.PORT ?? 3000))
