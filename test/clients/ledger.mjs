// Everything that a registry has acknowledged, and so must still have after a kill. Only one worker
// changes each thing, so the allowed states are exact: the last acknowledged one, or the one of the
// request that was in flight when the registry died.
import { createHash } from 'node:crypto'
import { pseudoRandom } from './bytes.mjs'
import { expectStatus, manifestTypes } from './wire.mjs'

const accepting = { headers: { accept: manifestTypes } }

/** @param {string} seed @param {number} size @returns {Buffer} */
export function noise(seed, size) {
  return Buffer.concat([...pseudoRandom(seed, size)])
}

/**
 * Pushed content: the bytes of a manifest, or the seed and size that make a blob.
 * @typedef {object} Content
 * @property {string} repo
 * @property {string} digest
 * @property {Buffer} [bytes]
 * @property {string} [seed]
 * @property {number} [size]
 * @property {'present' | 'absent' | 'either'} state
 * @property {number} round the last one that changed it
 */

/**
 * A tag, with every digest it may have now; `null` is for none.
 * @typedef {object} TagState
 * @property {string} repo
 * @property {string} tag
 * @property {Set<string | null>} may
 * @property {number} round
 */

/**
 * An upload that a worker started.
 * @typedef {object} Upload
 * @property {string} repo
 * @property {string} location the last one given
 * @property {string} seed
 * @property {number} size
 * @property {number} acknowledged bytes that a 202 was given for
 * @property {number} sent bytes that were sent, answered or not
 * @property {boolean} finishing its PUT was sent
 */

export class Ledger {
  /** @type {Map<string, Content>} */
  contents = new Map()
  /** @type {Map<string, TagState>} */
  tags = new Map()
  /** @type {Set<Upload>} */
  uploads = new Set()
  round = 0
  acknowledged = 0

  /** @param {Omit<Content, 'state' | 'round'>} content @returns {Content} */
  expect(content) {
    const key = `${content.repo} ${content.digest}`
    const entry = this.contents.get(key) ?? { ...content, state: 'either', round: this.round }
    this.contents.set(key, entry)
    return entry
  }

  /** @param {string} repo @param {string} tag @returns {TagState} */
  tag(repo, tag) {
    const key = `${repo}:${tag}`
    const entry = this.tags.get(key) ?? { repo, tag, may: new Set([null]), round: this.round }
    this.tags.set(key, entry)
    return entry
  }

  /** @param {string} repo @returns {TagState[]} */
  tagsOf(repo) {
    return [...this.tags.values()].filter((entry) => entry.repo === repo)
  }
}

/**
 * Reads one thing back. An uncertain state becomes the state that was found.
 * @param {import('./wire.mjs').Wire} wire
 * @param {Content} content
 * @throws {Error} when something acknowledged is lost, is back, or is not the same bytes
 */
export async function checkContent(wire, content) {
  const { repo, digest, bytes, seed = '', size = 0 } = content
  const kind = bytes === undefined ? 'blobs' : 'manifests'
  const response = await wire.request(`${repo}/${kind}/${digest}`, accepting)
  if (response.status === 404) {
    await response.arrayBuffer()
    if (content.state === 'present') throw new Error(`LOST: ${repo}/${kind}/${digest}`)
    content.state = 'absent'
    return
  }
  await expectStatus(response, 200)
  const found = Buffer.from(await response.arrayBuffer())
  if (!found.equals(bytes ?? noise(seed, size))) {
    throw new Error(`WRONG BYTES: ${repo}/${kind}/${digest}`)
  }
  if (content.state === 'absent') throw new Error(`BACK AGAIN: ${repo}/${kind}/${digest}`)
  content.state = 'present'
}

/**
 * @param {import('./wire.mjs').Wire} wire
 * @param {Ledger} ledger
 * @param {TagState} entry
 * @throws {Error} when the tag is not what it may be, or names what is not there
 */
export async function checkTag(wire, ledger, entry) {
  const { repo, tag, may } = entry
  const response = await wire.request(`${repo}/manifests/${tag}`, accepting)
  const body = Buffer.from(await response.arrayBuffer())
  let found = null
  if (response.status !== 404) {
    if (response.status !== 200) throw new Error(`${repo}:${tag} answered ${response.status}`)
    found = `sha256:${createHash('sha256').update(body).digest('hex')}`
  }
  if (!may.has(found)) {
    const allowed = [...may].map((digest) => digest ?? 'none').join(' or ')
    throw new Error(`WRONG TAG: ${repo}:${tag} is ${found ?? 'none'}, not ${allowed}`)
  }
  const named = found === null ? undefined : ledger.contents.get(`${repo} ${found}`)
  if (found !== null && named?.state !== 'present') {
    throw new Error(`DANGLING TAG: ${repo}:${tag} names ${found}, which is ${named?.state}`)
  }
  entry.may = new Set([found])
}

/**
 * Continues an upload at the registry's offset, and finishes it.
 * @param {import('./wire.mjs').Wire} wire
 * @param {Ledger} ledger
 * @param {Upload} upload
 * @returns {Promise<'continued' | 'finished' | 'gone'>} `finished`: by the PUT under way
 * @throws {Error} when acknowledged bytes are lost, or it cannot be continued
 */
export async function checkUpload(wire, ledger, upload) {
  const { repo, seed, size, acknowledged, sent, finishing } = upload
  const status = await wire.at(upload.location)
  await status.arrayBuffer()
  const bytes = noise(seed, size)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const content = ledger.expect({ repo, digest, seed, size })
  const what = `the upload of ${size} bytes to ${repo}, ${acknowledged} of them acknowledged`
  if (status.status === 404) {
    if (!finishing) {
      if (acknowledged > 0) throw new Error(`LOST: ${what}`)
      return 'gone'
    }
    await checkContent(wire, content)
    return content.state === 'present' ? 'finished' : 'gone'
  }
  if (status.status !== 204) throw new Error(`${what}: GET answered ${status.status}`)
  const last = /^0-(\d+)$/.exec(status.headers.get('range') ?? '')?.[1]
  if (last === undefined) throw new Error(`${what}: Range is ${status.headers.get('range')}`)
  // 0-0 is an empty session or one with a single byte, and no worker sends a single byte.

  const offset = last === '0' ? 0 : Number(last) + 1
  if (offset < acknowledged || offset > sent) {
    throw new Error(`${what}, ${sent} sent: it stands at ${offset}`)
  }
  let location = status.headers.get('location') ?? upload.location
  if (offset < size) {
    const headers = { 'content-range': `${offset}-${size - 1}` }
    const body = Uint8Array.from(bytes.subarray(offset))
    const patched = await wire.at(location, { method: 'PATCH', headers, body })
    await expectStatus(patched, 202)
    location = patched.headers.get('location') ?? location
  }
  await expectStatus(await wire.at(location, { method: 'PUT' }, digest), 201)
  content.state = 'present'
  content.round = ledger.round
  await checkContent(wire, content)
  return 'continued'
}
