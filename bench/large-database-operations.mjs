// What is asked of a Layerdock with a large database: every read, and every change.

import { createHash, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { blobMaker, imageManifest, indexManifest } from './content.mjs'
import { headerOf } from './http.mjs'
import { largeNames, spread } from './seed.mjs'
import { artifactTypes, baseLayer } from './seed-database.mjs'

/** @import { Sql } from 'postgres' */
/** @import { Digest, RepositoryName } from '../src/index.ts' */
/** @import { Answer, Connection } from './http.mjs' */

/** So often each statement is run for its plan: from the sixth time on, a plan may be one for all values. */
export const planned = 8

/**
 * @typedef {object} Asked
 * @property {string} method
 * @property {string} path
 * @property {Readonly<Record<string, string>>} [headers]
 * @property {Buffer} [body]
 */

/**
 * @typedef {object} Operation
 * @property {string} title
 * @property {(at: number) => Asked} ask
 * @property {number} status
 */

/**
 * Names of content, which are as many as reads of them at most.
 * @param {Sql} sql
 */
export async function samplesOf(sql) {
  const digests = (/** @type {string} */ column, /** @type {string} */ condition) =>
    sql
      .unsafe(
        `select encode(substr(${column}, 2, 32), 'hex') as hex from manifests m
         join repositories r on r.id = m.repo where r.name = '${largeNames.repository}' ${condition}
         order by md5(m.id::text) limit 2000`,
      )
      .then((rows) => rows.map((row) => `sha256:${row.hex}`))
  const manifests = await digests('digest', 'and subject is null')
  const blobs = await digests('refs', '')
  const [subject] = await sql`select subject from manifests where subject is not null limit 1`
  const repositories = await sql`select name from repositories order by md5(name) limit 2000`
  return {
    manifests,
    blobs,
    subject: `${subject?.subject}`,
    repositories: repositories.map((row) => `${row.name}`),
  }
}

/** @typedef {Awaited<ReturnType<typeof samplesOf>>} Samples */

/**
 * @param {Samples} samples
 * @returns {Operation[]}
 */
export function readsOf({ manifests, blobs, subject, repositories }) {
  const base = `/v2/${largeNames.repository}`
  const get = (
    /** @type {string} */ title,
    /** @type {(at: number) => string} */ path,
    status = 200,
  ) => ({
    title,
    ask: (/** @type {number} */ at) => ({ method: 'GET', path: path(at) }),
    status,
  })
  const head = (
    /** @type {string} */ title,
    /** @type {(at: number) => string} */ path,
    status = 200,
  ) => ({
    title,
    ask: (/** @type {number} */ at) => ({ method: 'HEAD', path: path(at) }),
    status,
  })
  const nothing = (/** @type {number} */ at) =>
    `sha256:${createHash('sha256').update(`nothing ${at}`).digest('hex')}`
  const some = (/** @type {readonly string[]} */ list, /** @type {number} */ at) =>
    list[at % list.length] ?? ''
  const tag = (/** @type {number} */ at) => `t-${spread(at * 7)}`
  const type = encodeURIComponent(artifactTypes[0] ?? '')
  return [
    get('manifest GET by tag', (at) => `${base}/manifests/${tag(at)}`),
    head('manifest HEAD by tag', (at) => `${base}/manifests/${tag(at)}`),
    get('manifest GET by digest', (at) => `${base}/manifests/${some(manifests, at)}`),
    get(
      'manifest GET by tag, small repositories',
      (at) => `/v2/${some(repositories, at)}/manifests/latest`,
    ),
    get('a tag that is not there', (at) => `${base}/manifests/none-${at}`, 404),
    get('a manifest that is not there', (at) => `${base}/manifests/${nothing(at)}`, 404),
    head('blob HEAD', (at) => `${base}/blobs/${some(blobs, at)}`),
    head(
      'HEAD of a blob that all repositories have',
      (at) => `/v2/${some(repositories, at)}/blobs/${baseLayer}`,
    ),
    head('a blob that is not there', (at) => `${base}/blobs/${nothing(at)}`, 404),
    get('the first 100 tags', () => `${base}/tags/list?n=100`),
    get('the first 1,000 tags', () => `${base}/tags/list?n=1000`),
    get('1,000 tags from anywhere', (at) => `${base}/tags/list?n=1000&last=${tag(at)}`),
    get('tags of small repositories', (at) => `/v2/${some(repositories, at)}/tags/list`),
    get('a repository that is not there', (at) => `/v2/none/r-${at}/tags/list`, 404),
    get('the first 100 repositories', () => '/v2/_catalog?n=100'),
    get(
      '1,000 repositories from anywhere',
      (at) => `/v2/_catalog?n=1000&last=${some(repositories, at)}`,
    ),
    get('1,000 referrers of a manifest', () => `${base}/referrers/${subject}`),
    get('of them those of one type', () => `${base}/referrers/${subject}?artifactType=${type}`),
    get('referrers where there are none', (at) => `${base}/referrers/${some(manifests, at)}`),
  ]
}

/**
 * Everything that changes something, in an order in which each succeeds.
 * @param {Connection} connection
 * @param {Samples} samples
 * @param {number} at
 */
export async function changeAll(connection, { repositories }, at) {
  const base = `/v2/${largeNames.repository}`
  const blob = blobMaker(1024)()
  const bytes = Buffer.concat([...blob.pieces()])
  const put = async (/** @type {string} */ location) =>
    expectStatus(
      201,
      await ask(connection, {
        method: 'PUT',
        path: `${location}digest=${blob.digest}`,
        body: bytes,
      }),
    )
  const begin = async () => {
    const answer = await ask(connection, {
      method: 'POST',
      path: `${base}/blobs/uploads/`,
      body: Buffer.alloc(0),
    })
    expectStatus(202, answer)
    const location = headerOf(answer.head, 'location')?.replace(/^https?:\/\/[^/]+/, '') ?? ''
    return location
  }
  const withQuery = (/** @type {string} */ location) =>
    `${location}${location.includes('?') ? '&' : '?'}`
  await put(withQuery(await begin()))
  const dropped = await begin()
  await ask(connection, { method: 'PATCH', path: dropped, body: bytes })
  await ask(connection, { method: 'GET', path: dropped })
  await ask(connection, { method: 'DELETE', path: dropped })
  const to = repositories[at % repositories.length] ?? ''
  const mount = `/v2/${to}/blobs/uploads/?mount=${blob.digest}&from=${largeNames.repository}`
  expectStatus(201, await ask(connection, { method: 'POST', path: mount, body: Buffer.alloc(0) }))
  const tag = `changed-${at}-${randomBytes(4).toString('hex')}`
  const subject = indexManifest(`subject ${tag}`)
  const manifests = [
    imageManifest([blob, { ...blob, digest: baseLayer, bytes: 1000 }], tag),
    subject,
    indexManifest(`referrer ${tag}`, subject),
  ]
  for (const { bytes: body, type, digest } of manifests) {
    const headers = { 'Content-Type': type }
    for (const reference of [tag, digest]) {
      const path = `${base}/manifests/${reference}`
      expectStatus(201, await ask(connection, { method: 'PUT', path, headers, body }))
    }
  }
  const gone = [
    `manifests/${tag}`,
    ...manifests.map(({ digest }) => `manifests/${digest}`),
    `blobs/${blob.digest}`,
  ]
  for (const path of gone) {
    expectStatus(202, await ask(connection, { method: 'DELETE', path: `${base}/${path}` }))
  }
}

/**
 * @param {Connection} connection
 * @param {Asked} asked
 */
export function ask(connection, { method, path, headers = {}, body }) {
  const all = {
    Host: '127.0.0.1',
    ...headers,
    ...(body === undefined ? {} : { 'Content-Length': body.length }),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  const request = body === undefined ? head : Buffer.concat([head, body])
  return connection.exchange(request, { bodyless: method === 'HEAD' })
}

/**
 * @param {number} status
 * @param {Answer} answer
 * @param {string} [what]
 */
export function expectStatus(status, answer, what = 'a request') {
  if (answer.status !== status) {
    throw new Error(`${what} was answered ${answer.status}, and not ${status}`)
  }
}

const dist = (/** @type {string} */ path) =>
  fileURLToPath(new URL(`../dist/${path}`, import.meta.url))

/**
 * Calls what a copy and the maintenance call, and no request does.
 * @param {string} url
 * @param {Samples} samples
 */
export async function callMethods(url, { repositories, manifests, blobs }) {
  /** @type {typeof import('../adapters/postgres/index.ts')} */
  const { openPostgres } = await import(dist('adapters/postgres/index.js'))
  const stores = await openPostgres({ url })
  const { metadata } = stores
  const base = /** @type {Digest} */ (baseLayer)
  const large = /** @type {RepositoryName} */ (largeNames.repository)
  try {
    for (let at = 0; at < planned; at++) {
      const small = /** @type {RepositoryName} */ (repositories[at])
      const digest = /** @type {Digest} */ (blobs[at])
      const manifest = /** @type {Digest} */ (manifests[at])
      const after = { after: digest, limit: 1000 }
      await metadata.hasRepository(large)
      await metadata.countRepository?.(large)
      await metadata.listBlobs(large, after)
      await metadata.listManifests(large, after)
      await metadata.listTagRecords(large, { after: largeNames.middleTag, limit: 1000 })
      await metadata.repositoriesWith(digest, 100)
      await metadata.repositoriesWith(base, 100)
      await metadata.findBlob(small, base)
      await metadata.keepBlob(small, base, 60_000)
      await metadata.unlinkBlob(small, base, { keepNamed: true })
      await metadata.unlinkBlob(large, digest, { keepNamed: true })
      const blob = await metadata.findBlob(large, digest)
      if (blob !== null) {
        await metadata.knowsKeys([blob])
        await metadata.relocate(blob, { ...blob, key: `${blob.key}-moved` })
        await metadata.markMissing({ ...blob, key: `${blob.key}-moved` })
      }
      await metadata.listMissing(100)
      await metadata.deleteManifest(large, manifest, { leaseMs: 60_000 })
      await metadata.condemn(1000)
      await metadata.deleteEmptyRepositories(100)
      await metadata.deleteRepository(small)
      await metadata.condemn(1000)
    }
  } finally {
    await stores.close()
  }
}
