// A backup in the middle of the month, of a server at work, and what is in it.
import { join } from 'node:path'
import { Client } from './client.mjs'
import { Layerdock } from './layerdock.mjs'
import { problemsOf } from './team.mjs'

/**
 * @typedef {import('./repository.mjs').Repository} Repository
 * @typedef {import('./repository.mjs').Tagged} Tagged
 */

/**
 * Makes a backup while the team works, restores it, and serves that. What was there all the time has to be in it.
 * @param {object} given
 * @param {Layerdock} given.layerdock
 * @param {string} given.top
 * @param {readonly Repository[]} given.all
 * @param {() => Promise<unknown>} given.work what the team does meanwhile
 * @param {(problem: string) => void} given.wrong
 * @returns {Promise<number>} how many images were found in the backup
 */
export async function backUp({ layerdock, top, all, work, wrong }) {
  const before = all.map(lasting)
  const folder = join(top, 'backup')
  const [{ complete }] = await Promise.all([layerdock.result(['backup', folder]), work()])
  if (complete === false) wrong('the backup is not complete')
  const after = all.map((repository) => new Set(lasting(repository)))
  const restored = new Layerdock({ ...layerdock, top, name: 'restored', flags: [] })
  const { code, err, out } = await restored.run(['restore', folder, restored.folder], [])
  if (code !== 0) {
    wrong(`the backup cannot be restored: ${err}${out}`)
    return 0
  }
  await restored.start()
  const client = new Client(() => restored.url)
  let found = 0
  for (const [at, repository] of all.entries()) {
    for (const tagged of before[at] ?? []) {
      if (!after[at]?.has(tagged)) continue
      found += 1
      const problems = await problemsOf(client, repository, tagged)
      for (const problem of problems) wrong(`the backup: ${problem}`)
    }
  }
  await restored.stop()
  return found
}

/** Tags that stay where they are, and were never deleted. @param {Repository} repository @returns {Tagged[]} */
function lasting(repository) {
  return repository
    .mustHave()
    .filter(({ tag, kind }) => kind !== 'latest' && !repository.everDeleted.has(tag))
}
