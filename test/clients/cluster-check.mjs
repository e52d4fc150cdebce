// What has to be so after all: everything acknowledged is there through every node, no answer in the balancer's log
// said otherwise, and the bucket holds what the database names and nothing else.
import { readFileSync } from 'node:fs'
import { AwsClient } from 'aws4fetch'
import postgres from 'postgres'
import { Wire } from './wire.mjs'

/**
 * Reads every name back through every node, with every byte below it.
 * @param {readonly string[]} hosts
 * @param {readonly import('./cluster-work.mjs').Name[]} names
 * @returns {Promise<{ violations: string[], bytes: number }>}
 */
export async function checkNames(hosts, names) {
  /** @type {string[]} */
  const violations = []
  let bytes = 0
  for (const host of hosts) {
    const wire = new Wire(host)
    /** @type {Map<string, string[]>} */
    const lists = new Map()
    const queue = names.filter(({ acknowledged }) => acknowledged)
    const work = async () => {
      for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
        const { repo, tag, may } = name
        try {
          const found = await wire.checkImage(repo, tag)
          bytes += found.bytes
          if (!may.has(found.digest)) {
            violations.push(`WRONG: ${repo}:${tag} through ${host} is ${found.digest}`)
          }
          const tags = lists.get(repo) ?? (await allTags(wire, repo))
          lists.set(repo, tags)
          if (!tags.includes(tag)) violations.push(`NOT LISTED: ${repo}:${tag} through ${host}`)
        } catch (error) {
          violations.push(`LOST: ${repo}:${tag} through ${host}: ${error}`)
        }
      }
    }
    await Promise.all([work(), work(), work(), work()])
  }
  return { violations, bytes }
}

/** @param {Wire} wire @param {string} repo @returns {Promise<string[]>} */
async function allTags(wire, repo) {
  const response = await wire.request(`${repo}/tags/list?n=10000`)
  const { tags } = /** @type {{ tags?: string[] }} */ (await response.json())
  return tags ?? []
}

/**
 * What the balancer's log says of answers.
 * @typedef {object} Answers
 * @property {number} requests
 * @property {number} redispatched requests that went to another node because the first did not take them
 * @property {Map<string, number>} byStatus how many had each status from 500 on, or were broken off
 * @property {string[]} unknown answers that something is not there, where a client had reason to expect it
 * @property {Map<string, Set<string>>} tags acknowledged: each repository's
 */

/** @param {string} file the log in HAProxy's format for HTTP @returns {Answers} */
export function readAnswers(file) {
  /** @type {Answers} */
  const answers = {
    requests: 0,
    redispatched: 0,
    byStatus: new Map(),
    unknown: [],
    tags: new Map(),
  }
  const line =
    /\/(\S+) [-\d/+]+ (-?\d+) [-+\d]+ \S+ \S+ (\S{4}) [\d+]+\/[\d+]+\/[\d+]+\/[\d+]+\/(\+?\d+) \d+\/\d+ .*"([A-Z]+) (\S+) HTTP/
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    const [, node, status = '', ended = '', retries = '', method = '', target = ''] =
      line.exec(text) ?? []
    if (node === undefined) continue
    answers.requests += 1
    if (retries.startsWith('+')) answers.redispatched += 1
    const number = Number(status)
    if (number >= 500 || number < 0) {
      const kind = `${status} ${ended}`
      answers.byStatus.set(kind, (answers.byStatus.get(kind) ?? 0) + 1)
    }
    const path = target.split('?', 1)[0] ?? ''
    if (isUnknown(method, path, number)) answers.unknown.push(`${status} ${method} ${target}`)
    const tag = /^\/v2\/(.+)\/manifests\/([^:]+)$/.exec(path)
    if (method === 'PUT' && number === 201 && tag !== null) {
      const [, repo = '', name = ''] = tag
      answers.tags.set(repo, (answers.tags.get(repo) ?? new Set()).add(name))
    }
  }
  return answers
}

/**
 * Clients ask by HEAD whether something is there, and expect a 404. What they read, what they refer to and what they
 * began has to be there.
 * @param {string} method
 * @param {string} path
 * @param {number} status
 */
function isUnknown(method, path, status) {
  if (path.includes('/manifests/')) {
    return (
      (method === 'PUT' && status >= 400 && status < 500) || (method === 'GET' && status === 404)
    )
  }
  if (!path.includes('/blobs/')) return false
  return status === 404 && method !== 'HEAD'
}

/**
 * Compares keys of objects in the bucket with those that the database names.
 * @param {import('../../conformance/services.mjs').Services} services
 * @param {import('../../conformance/services.mjs').Place} place
 * @returns {Promise<{ objects: number, rows: number, orphans: string[], lost: string[], trash: number, parts: number }>}
 *   `orphans`: objects that no row names; `lost`: rows whose object is not there; `trash`: rows of objects that are
 *   about to go; `parts`: multipart uploads that were neither completed nor aborted
 */
export async function compareKeys(services, { database, prefix }) {
  const all = await listBucket(services, 'list-type=2', 'Contents', 'Key')
  // Beside blobs there is only what says whose bucket it is.
  const objects = new Set(all.filter((key) => /\/[0-9a-f]{2}\/\w+$/.test(key)))
  const parts = await listBucket(services, 'uploads', 'Upload', 'Key')
  const sql = postgres(database, { max: 1, onnotice: () => {} })
  try {
    const rows = await sql`
      select key, false as trash from blobs where key not in (select key from small_blobs)
      union all select key, true from trash where key not in (select key from small_blobs)`
    const named = new Set(rows.filter(({ trash }) => !trash).map(({ key }) => `${prefix}/${key}`))
    const going = new Set(rows.filter(({ trash }) => trash).map(({ key }) => `${prefix}/${key}`))
    return {
      objects: objects.size,
      rows: named.size,
      orphans: [...objects].filter((key) => !named.has(key) && !going.has(key)),
      lost: [...named].filter((key) => !objects.has(key)),
      trash: going.size,
      parts: parts.length,
    }
  } finally {
    await sql.end()
  }
}

/**
 * @param {import('../../conformance/services.mjs').Services} services
 * @param {string} query
 * @param {string} element
 * @param {string} child
 * @returns {Promise<string[]>}
 */
async function listBucket(
  { endpoint, bucket, region, accessKeyId, secretAccessKey },
  query,
  element,
  child,
) {
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 2 })
  const found = []
  let more = ''
  do {
    const answer = await client.fetch(`${endpoint}/${bucket}?${query}${more}`)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`listing ${bucket}: ${answer.status} ${text}`)
    for (const [, inside = ''] of text.matchAll(
      new RegExp(`<${element}>(.*?)</${element}>`, 'gs'),
    )) {
      found.push(new RegExp(`<${child}>(.*?)</${child}>`, 's').exec(inside)?.[1] ?? '')
    }
    const next = /<NextContinuationToken>(.*?)</.exec(text)?.[1]
    more = next === undefined ? '' : `&continuation-token=${encodeURIComponent(next)}`
  } while (more !== '')
  return found
}
