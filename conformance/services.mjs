// A PostgreSQL and a SeaweedFS that end with this process, for registries of several nodes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('..', import.meta.url))

/**
 * An empty database, and an empty part of the bucket.
 * @typedef {object} Place
 * @property {string} database its URL
 * @property {string} prefix
 * @property {string[]} args what has `layerdock serve` keep everything there
 */

/**
 * @typedef {object} Services
 * @property {string} endpoint of the bucket's server
 * @property {string} region
 * @property {string} bucket
 * @property {string} accessKeyId
 * @property {string} secretAccessKey
 * @property {Record<string, string>} env the keys, for the environment of `layerdock serve`
 * @property {() => Promise<Place>} fresh
 * @property {() => Promise<void>} restartDatabase cuts its connections, and is away for a moment
 * @property {() => Promise<void>} stop removes all they kept
 */

/**
 * Starts both. `TEST_WEED` and `TEST_POSTGRES_BIN` say where they are, if not the path does.
 * @returns {Promise<Services>}
 * @throws {Error} where one is not installed; it says how to get it
 */
export async function startServices() {
  // The tests' own services are TypeScript, which Node 20 does not run.
  const bun = realpathSync(`${project}node_modules/.bin/bun`)
  const child = spawn(bun, [`${project}test/services/serve.ts`])
  let problem = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    problem += text
  })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`the services ended: ${problem.trim()}`)
    return JSON.parse(value)
  }
  const ask = (/** @type {string} */ line) => {
    child.stdin.write(`${line}\n`)
    return answer()
  }
  const found = await answer()
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = found
  return {
    ...found,
    env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    async fresh() {
      const { database, prefix } = await ask('fresh')
      const at = `s3://${bucket}/${prefix}?${new URLSearchParams({ endpoint, region })}`
      return { database, prefix, args: ['--database', database, '--bucket', at] }
    },
    async restartDatabase() {
      await ask('restart')
    },
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}
