// A load balancer without a memory: each request goes to the next node, also those of one connection.
import { Agent, createServer, request } from 'node:http'

/**
 * @param {readonly string[]} nodes `127.0.0.1:PORT` of each
 * @returns {Promise<{ host: string, stop: () => Promise<void> }>}
 */
export async function startRoundRobin(nodes) {
  const agent = new Agent({ keepAlive: true })
  let turn = 0
  const server = createServer((incoming, outgoing) => {
    const [host, port] = (nodes[turn % nodes.length] ?? '').split(':')
    turn += 1
    const { method, url: path, rawHeaders: headers } = incoming
    let isAnswered = false
    const passed = request({ agent, host, port, method, path, headers }, (answer) => {
      isAnswered = true
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      // So that an answer without a body is not waited for.
      outgoing.flushHeaders()
      answer.on('error', () => outgoing.destroy())
      answer.pipe(outgoing, { end: false })
      // The end may close the connection: not while the client still sends, or it fails before it reads.
      answer.on('end', () => {
        if (incoming.complete) outgoing.end()
        else incoming.on('end', () => outgoing.end())
      })
    })
    passed.on('error', () => {
      if (!isAnswered && !outgoing.headersSent) outgoing.writeHead(502).end()
    })
    passed.on('close', () => {
      // A node that has answered need not read the rest: the client is heard out, and gets its answer.
      incoming.unpipe(passed)
      incoming.resume()
    })
    incoming.on('close', () => {
      if (!incoming.complete) passed.destroy()
    })
    incoming.pipe(passed)
  })
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  )
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it has no port')
  return {
    host: `127.0.0.1:${address.port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      agent.destroy()
    },
  }
}
