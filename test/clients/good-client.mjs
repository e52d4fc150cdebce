// A client that pulls at a steady pace, and remembers how long each answer took.
import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** @param {Uint8Array} bytes @returns {string} */
const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** @param {string} user @param {string} password @returns {string} the `Authorization` header */
export function basic(user, password) {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/**
 * One request, to the last byte of its answer.
 * @param {object} options
 * @param {string} options.host `127.0.0.1:PORT`
 * @param {string} [options.method]
 * @param {string} options.path
 * @param {Readonly<Record<string, string>>} [options.headers]
 * @param {Uint8Array | string} [options.body]
 * @param {Agent} [options.agent]
 * @param {string | undefined} [options.localAddress]
 * @returns {Promise<{ status: number, location: string | undefined, ms: number }>}
 */
export function ask({ host, method = 'GET', path, headers = {}, body, agent, localAddress }) {
  const [hostname, port] = host.split(':')
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, method, path, headers, agent, localAddress, timeout: 60_000 },
      (answer) => {
        answer.on('error', reject)
        answer.on('end', () => {
          const { statusCode: status = 0, headers: given } = answer
          resolve({ status, location: given.location, ms: performance.now() - began })
        })
        answer.resume()
      },
    )
    sent.on('error', reject)
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in 60 s`)))
    sent.end(body)
  })
}

/** What a good client saw during a phase. */
export class Seen {
  /** In milliseconds, sorted once it has ended. @type {number[]} */
  times = []
  /** Answers that are not 200, and failures. @type {Map<string, number>} */
  wrong = new Map()

  /** @param {number} part such as 0.99 @returns {number} in milliseconds */
  quantile(part) {
    const { times } = this
    return times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
  }
}

/** An image in a registry, and who pulls it. */
export class GoodClient {
  #agent = new Agent({ keepAlive: true, maxSockets: 4 })

  /** @param {string} host @param {string} authorization */
  constructor(host, authorization) {
    this.host = host
    this.headers = { Authorization: authorization, Accept: manifestType }
  }

  /** Pushes an image with one layer. @param {number} layerBytes */
  async push(layerBytes) {
    const layer = new Uint8Array(layerBytes).map((_, at) => at * 31)
    const config = new TextEncoder().encode('{}')
    for (const bytes of [layer, config]) {
      await this.#send('POST', `blobs/uploads/?digest=${digestOf(bytes)}`, bytes)
    }
    const descriptors = [layer, config].map((bytes) => ({
      mediaType: 'application/octet-stream',
      digest: digestOf(bytes),
      size: bytes.byteLength,
    }))
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestType,
      config: descriptors[1],
      layers: [descriptors[0]],
    }
    await this.#send('PUT', 'manifests/latest', JSON.stringify(manifest))
    this.paths = ['manifests/latest', `blobs/${digestOf(layer)}`].map(
      (end) => `/v2/good/app/${end}`,
    )
  }

  /**
   * Pulls until the time is over, so many images a second.
   * @param {number} seconds
   * @param {number} rate
   * @returns {Promise<Seen>}
   */
  async pull(seconds, rate) {
    const seen = new Seen()
    const began = performance.now()
    const pulls = Math.max(1, Math.round(seconds * rate))
    const running = []
    for (let pull = 0; pull < pulls; pull += 1) {
      const wait = began + (pull * 1000) / rate - performance.now()
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
      running.push(this.#pullOnce(seen))
    }
    await Promise.all(running)
    seen.times.sort((a, b) => a - b)
    return seen
  }

  end() {
    this.#agent.destroy()
  }

  /** @param {Seen} seen */
  async #pullOnce(seen) {
    for (const path of this.paths ?? []) {
      try {
        const { host, headers } = this
        const { status, ms } = await ask({ host, path, headers, agent: this.#agent })
        seen.times.push(ms)
        if (status !== 200) note(seen.wrong, String(status))
      } catch (error) {
        note(seen.wrong, /** @type {Error} */ (error).message)
      }
    }
  }

  /** @param {string} method @param {string} path @param {Uint8Array | string} body */
  async #send(method, path, body) {
    const headers = {
      ...this.headers,
      'Content-Type': method === 'PUT' ? manifestType : 'application/octet-stream',
      'Content-Length': String(body.length),
    }
    const { host } = this
    const { status } = await ask({ host, method, path: `/v2/good/app/${path}`, headers, body })
    if (status !== 201) throw new Error(`${method} ${path} answered ${status}`)
  }
}

/** @param {Map<string, number>} counts @param {string} what */
export function note(counts, what) {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}
