// A team's month: pushes, CI, deletions, retention, collection, verification, kills, a backup and mistakes, on one
// registry at once. What the policy keeps has to be there at any time, and nothing else in the end.
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Dice } from '../clients/pusher.mjs'
import { backUp } from './backup.mjs'
import { Client } from './client.mjs'
import { Layerdock } from './layerdock.mjs'
import { Repository } from './repository.mjs'
import { Member } from './team.mjs'

/**
 * @typedef {object} MonthOptions
 * @property {readonly string[]} command how Layerdock is started
 * @property {string} top an empty folder
 * @property {string} seed
 * @property {number} days
 * @property {number} repositories
 * @property {number} members who work beside each other
 * @property {number} kills
 * @property {number} layerBytes
 * @property {string} trashTime how long what was deleted can be brought back
 * @property {import('./repository.mjs').Newest} newest what has to be kept
 * @property {import('./repository.mjs').Newest} [policyKeeps] what the policy says instead: for a look at whether it is noticed
 * @property {(line: string) => void} [say]
 */

/**
 * @typedef {object} MonthReport
 * @property {readonly string[]} problems none, where all is well
 * @property {Readonly<Record<string, number>>} figures
 */

/** How far the folder may be from what is kept. */
const tolerance = 0.1
/** What the files of the names of so small a registry may have: two journals and two snapshots, in bytes. */
const mostNames = 64 * 1024 * 1024

/** @param {MonthOptions} options @returns {Promise<MonthReport>} */
export async function month(options) {
  const { seed, days, members, kills, say = () => {} } = options
  const problems = /** @type {string[]} */ ([])
  const known = await featuresOf(options)
  const layerdock = new Layerdock({ ...options, flags: flagsOf(options, known) })
  await layerdock.start()
  // Not every store has one.
  const { code } = await layerdock.run(['trash', 'list'])
  const has = { ...known, undelete: code === 0 }
  const began = performance.now()
  const client = new Client(() => layerdock.url)
  const names = Array.from({ length: options.repositories }, (_, at) => `team-${at % 5}/app-${at}`)
  const newest = has.retention ? options.newest : null
  const all = names.map((name) => new Repository(name, newest))
  const team = Array.from({ length: members }, (_, index) => {
    return new Member({
      client,
      layerdock,
      repositories: all.filter((_, at) => at % members === index),
      others: names,
      seed: `${seed}/${index}`,
      layerBytes: options.layerBytes,
      wrong: (problem) => problems.push(problem),
    })
  })
  const dice = new Dice(`${seed} kills`)
  let killing = Promise.resolve()
  let backedUp = 0
  for (let day = 1; day <= days; day += 1) {
    const work = () => Promise.all(team.map((member) => member.work(day, has.undelete)))
    if (Math.floor((day * kills) / days) > layerdock.kills) {
      killing = pause(dice.next(400)).then(() => layerdock.kill())
    }
    if (day === Math.ceil(days / 2)) {
      await killing
      const wrong = (/** @type {string} */ problem) => problems.push(problem)
      backedUp = await backUp({ layerdock, top: options.top, all, work, wrong })
    } else await work()
    await killing
    say(`day ${day}: ${problems.length} problems`)
  }
  await settle(layerdock, all, client, problems, has)
  for (const member of team) {
    for (const repository of member.repositories) {
      for (const tagged of repository.mustHave()) await member.check(repository, tagged)
    }
  }
  const size = await sizes(layerdock, all, client)
  const share = Math.abs(size.content - size.kept) / size.kept
  if (share > tolerance) {
    problems.push(`the folder has ${size.content} bytes of content for ${size.kept} that are kept`)
  }
  if (size.names > mostNames) problems.push(`the files of the names have ${size.names} bytes`)
  await layerdock.stop()
  const log = layerdock.log()
  for (const { level, msg, err } of log) {
    // That untagged manifests go so soon is what this month wants.
    if (msg === 'retention policy') continue
    if (level === 'warn' || level === 'error') problems.push(`the log says: ${msg} ${err?.message}`)
  }
  const collections = log.filter(({ msg }) => msg === 'garbage was collected')
  const sum = (/** @type {(member: Member) => number} */ of) =>
    team.reduce((total, member) => total + of(member), 0)
  return {
    problems: [...new Set(problems)],
    figures: {
      seconds: Math.round((performance.now() - began) / 1000),
      requests: client.requests,
      pushes: sum(({ pushes }) => pushes),
      deletions: sum(({ deletions }) => deletions),
      undeleted: sum(({ undeleted }) => undeleted),
      kills: layerdock.kills,
      inBackup: backedUp,
      checked: sum(({ checked }) => checked),
      lateLeases: client.lateLeases,
      collections: collections.length,
      freedBytes: collections.reduce((total, { bytes }) => total + bytes, 0),
      keptBytes: size.kept,
      folderBytes: size.content,
      namesBytes: size.names,
      percentOff: Math.round(share * 1000) / 10,
    },
  }
}

/** What this version of Layerdock has. @typedef {Readonly<Record<'retention' | 'verify' | 'undelete', boolean>>} Features */

/** @param {MonthOptions} options @returns {Promise<Features>} */
async function featuresOf({ command, top }) {
  const { out } = await new Layerdock({ command, top, flags: [] }).run(['serve', '--help'], [])
  return {
    retention: out.includes('--retention FILE'),
    verify: out.includes('--verify-every'),
    undelete: true,
  }
}

/** @param {MonthOptions} options @param {Features} has */
function flagsOf({ top, newest, policyKeeps = newest, trashTime }, has) {
  const flags = [
    '--lease',
    '3s',
    '--trash-time',
    trashTime,
    '--collect-every',
    '1s',
    '--drop-empty',
  ]
  if (has.verify) flags.push('--verify-every', '2s')
  if (has.retention) {
    const policy = join(top, 'retention.json')
    writeFileSync(policy, JSON.stringify(policyOf(policyKeeps)))
    flags.push('--retention', policy, '--retention-every', '1s')
  }
  return flags
}

/** @param {import('./repository.mjs').Newest} newest */
function policyOf(newest) {
  const kept = (/** @type {'nightly' | 'ci'} */ kind) => {
    return { tags: `${kind}-*`, keep: { newest: newest[kind] }, delete: 'others' }
  }
  const rules = [kept('nightly'), kept('ci'), { untagged: true, delete: { olderThan: '2s' } }]
  return { rules: rules.map((rule) => ({ repositories: '**', ...rule })) }
}

/**
 * Waits until what the policy does not keep is gone, with its bytes.
 * @param {Layerdock} layerdock
 * @param {readonly Repository[]} all
 * @param {Client} client
 * @param {string[]} problems
 * @param {Features} has
 */
async function settle(layerdock, all, client, problems, has) {
  for (let attempt = 1; ; attempt += 1) {
    const extra = await tooMany(all, client)
    if (has.undelete) await layerdock.result(['trash', 'empty'])
    const { blobs } = await layerdock.result(['gc'])
    const { kept, content } = await sizes(layerdock, all, client)
    const isSettled = extra.length === 0 && blobs === 0 && content <= kept * (1 + tolerance)
    if (isSettled) return
    if (attempt === 60) {
      problems.push(...extra.map((name) => `${name}: is kept against the policy`))
      return
    }
    await pause(250)
  }
}

/** Tags that the policy does not keep. @param {readonly Repository[]} all @param {Client} client */
async function tooMany(all, client) {
  const extra = /** @type {string[]} */ ([])
  for (const repository of all) {
    const may = new Set(repository.mayHave().map(({ tag }) => tag))
    for (const tag of (await client.tags(repository.name)) ?? []) {
      if (!may.has(tag)) extra.push(`${repository.name}:${tag}`)
    }
  }
  return extra
}

/**
 * What is kept, each digest once, and what the folder takes, but for the room that it keeps back.
 * @param {Layerdock} layerdock
 * @param {readonly Repository[]} all
 * @param {Client} client
 */
async function sizes({ folder }, all, client) {
  /** @type {Map<string, number>} */
  const kept = new Map()
  for (const repository of all) {
    const tags = (await client.tags(repository.name)) ?? []
    for (const [digest, size] of repository.reachable(tags)) kept.set(digest, size)
  }
  const sum = [...kept.values()].reduce((total, size) => total + size, 0)
  return { kept: sum, ...bytesIn(folder) }
}

/**
 * The files of a store: those of names, of which the journal grows to a fixed size before it is written again, and the rest.
 * @param {string} folder
 * @returns {{ names: number, content: number }}
 */
function bytesIn(folder) {
  const bytes = { names: 0, content: 0 }
  for (const { name, parentPath } of readdirSync(folder, {
    withFileTypes: true,
    recursive: true,
  })) {
    if (name === 'reserve') continue
    // A file may be gone again.
    const found = statSync(join(parentPath, name), { throwIfNoEntry: false })
    if (!found?.isFile()) continue
    const isOfNames = parentPath === folder && /^(?:journal\.|metadata)/.test(name)
    bytes[isOfNames ? 'names' : 'content'] += found.size
  }
  return bytes
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
