// Floods a registry on loopback in one way, for so long, and prints what came of it. A process of its own, so that
// its work does not delay the client that is measured. flood.mjs starts it.
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { ask, basic, note } from './good-client.mjs'

/**
 * @typedef {object} Flood
 * @property {string} kind
 * @property {string} host `127.0.0.1:PORT`
 * @property {number} seconds
 * @property {number} rate requests a second
 * @property {number} connections
 * @property {number} least so many requests are answered, however long that takes
 */

/** @type {Flood} */
const flood = JSON.parse(process.argv[2] ?? '{}')
const { host, seconds, rate, connections, least } = flood
if (!/^127\.0\.0\.1:\d+$/.test(host)) throw new Error('floods go to 127.0.0.1 alone')

/** From another address than the good client's; every address of 127.0.0.0/8 is loopback. */
const localAddress = process.platform === 'linux' ? '127.0.0.2' : undefined
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const own = { Authorization: basic('flood', 'flood-password') }
/** @type {Map<string, number>} */
const outcomes = new Map()
const until = performance.now() + seconds * 1000
let number = 0
let answered = 0
const isOver = () => performance.now() >= until && answered >= least

/** @param {Omit<Parameters<typeof ask>[0], 'host' | 'agent' | 'localAddress'>} options */
async function send(options) {
  const answer = await ask({ host, agent, localAddress, ...options })
  answered += 1
  return answer
}

/** One step of each flood that consists of requests. @type {Record<string, () => Promise<void>>} */
const steps = {
  async requests() {
    const { status } = await send({ path: '/v2/flood/app/tags/list', headers: own })
    note(outcomes, String(status))
  },
  async logins() {
    const users = ['good', 'flood', `unknown-${number}`]
    const user = users[number % users.length] ?? ''
    const headers = { Authorization: basic(user, `guess ${number}`) }
    const { status } = await send({ path: '/v2/good/app/tags/list', headers })
    note(outcomes, String(status))
  },
  async sessions() {
    const path = '/v2/flood/app/blobs/uploads/'
    const opened = await send({ method: 'POST', path, headers: { ...own, 'Content-Length': '0' } })
    note(outcomes, String(opened.status))
    if (opened.location === undefined) return
    const headers = { ...own, 'Content-Length': '4096' }
    const body = new Uint8Array(4096)
    const patched = await send({ method: 'PATCH', path: opened.location, headers, body })
    note(outcomes, String(patched.status))
  },
}

/** Steps that may be under way at once; more are left out. */
const mostUnderWay = 256

/** Makes steps at the rate, as far as answers come. @param {() => Promise<void>} step */
async function keepUp(step) {
  const began = performance.now()
  /** @type {Set<Promise<void>>} */
  const underWay = new Set()
  while (!isOver()) {
    const due = Math.floor(((performance.now() - began) * rate) / 1000)
    while (number < due && underWay.size < mostUnderWay) {
      number += 1
      const made = step().catch((error) => note(outcomes, error.code ?? error.message))
      underWay.add(made)
      made.finally(() => underWay.delete(made))
    }
    number = Math.max(number, due)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.all(underWay)
}

/** What slow connections send at first: nothing, half a head, or a head and the start of a body. */
const beginnings = [
  '',
  'GET /v2/ HTTP/1.1\r\nHost: h\r\nX-Slow: ',
  `PUT /v2/flood/app/manifests/x HTTP/1.1\r\nHost: h\r\nAuthorization: ${own.Authorization}\r\nContent-Length: 100000\r\n\r\n{`,
]

/** Holds connections, sends a byte on each once a second, and dials again where one is ended. */
async function holdConnections() {
  /** @type {Map<import('node:net').Socket, string>} */
  const sockets = new Map()
  const [hostname, port] = host.split(':')
  const dial = () => {
    const beginning = beginnings[number % beginnings.length] ?? ''
    number += 1
    const socket = connect({ host: hostname, port: Number(port), localAddress })
    sockets.set(socket, beginning)
    socket.on('error', () => {})
    socket.on('connect', () => {
      note(outcomes, 'opened')
      socket.write(beginning)
    })
    socket.on('close', () => {
      sockets.delete(socket)
      note(outcomes, 'ended')
    })
    socket.resume()
  }
  for (let turn = 0; performance.now() < until; turn += 1) {
    // At most a hundred at once, as clients that dial again would.
    for (let count = 0; count < 100 && sockets.size < connections; count += 1) dial()
    for (const [at, [socket, beginning]] of [...sockets].entries()) {
      if (at % 10 === turn % 10 && beginning !== '' && !socket.connecting) socket.write('a')
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  outcomes.set('open at the end', sockets.size)
  for (const socket of sockets.keys()) socket.destroy()
}

/** How many connections send requests ahead, and how many requests each. */
const pipelines = 64
const ahead = 32

/** Sends requests ahead on many connections, the next ones as soon as those before are answered. */
async function pipeline() {
  const [hostname, port] = host.split(':')
  const head = `GET /v2/flood/app/tags/list HTTP/1.1\r\nHost: h\r\nAuthorization: ${own.Authorization}\r\n\r\n`
  const batch = head.repeat(ahead)
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  const dial = () => {
    const socket = connect({ host: hostname, port: Number(port), localAddress })
    sockets.add(socket)
    let due = ahead
    let rest = ''
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('connect', () => socket.write(batch))
    socket.on('close', () => {
      sockets.delete(socket)
      note(outcomes, 'ended')
      // Bun ends a connection on which a request comes before the one before it was answered.
      if (!isOver()) setTimeout(dial, 10)
    })
    socket.on('data', (text) => {
      const lines = (rest + text).split('\r\n')
      // The last one may have been cut in two.
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const status = /HTTP\/1\.1 (\d{3})/.exec(line)?.[1]
        if (status === undefined) continue
        note(outcomes, status)
        answered += 1
        due -= 1
      }
      if (due > 0 || isOver()) return
      due += ahead
      socket.write(batch)
    })
  }
  for (let count = 0; count < pipelines; count += 1) dial()
  while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 10))
  for (const socket of sockets) socket.destroy()
}

const step = steps[flood.kind]
// Whatever happens to the program that started it.
setTimeout(() => process.exit(1), (seconds + 120) * 1000).unref()
if (flood.kind === 'connections') await holdConnections()
else if (flood.kind === 'pipelined') await pipeline()
else if (step === undefined) throw new Error(`${flood.kind} is no kind of flood`)
else await keepUp(step)
process.stdout.write(JSON.stringify(Object.fromEntries(outcomes)))
process.exit(0)
