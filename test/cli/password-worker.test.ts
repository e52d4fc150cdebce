import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createPasswordWorker, type PasswordWorker } from '../../adapters/cli/password-worker.ts'
import type { Notice } from '../../src/ports/notices.ts'

let folder: string
let notices: Notice[]
let worker: PasswordWorker | null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerdock-worker-'))
  notices = []
  worker = null
})

afterEach(async () => {
  await worker?.close()
  rmSync(folder, { recursive: true })
})

/** A worker whose thread runs this for each task; `count` says how many threads have begun. */
function workerOf(code: string): PasswordWorker {
  const file = join(folder, 'thread.mjs')
  const lines = [
    "import { existsSync, writeFileSync } from 'node:fs'",
    "import { parentPort } from 'node:worker_threads'",
    `const mark = ${JSON.stringify(join(folder, 'mark'))}`,
    'const isFirst = !existsSync(mark)',
    "writeFileSync(mark, '')",
    "parentPort.on('message', (task) => {",
    code,
    "parentPort.postMessage({ id: task.id, isRight: task.password === 'right' })",
    '})',
  ]
  writeFileSync(file, lines.join('\n'))
  worker = createPasswordWorker((notice) => notices.push(notice), pathToFileURL(file))
  return worker
}

it('gives each call its own result', async () => {
  const { verify } = workerOf('')
  const results = await Promise.all(['right', 'wrong', 'right'].map((word) => verify(word, '')))
  expect(results).toEqual([true, false, true])
  expect(notices).toEqual([])
})

it.each([
  ['throws', "if (isFirst) throw new Error('dead')"],
  ['ends', 'if (isFirst) process.exit()'],
])('starts again after a thread that %s, and says so once', async (_, code) => {
  const { verify } = workerOf(code)
  expect(await Promise.all([verify('right', ''), verify('wrong', '')])).toEqual([true, false])
  expect(await verify('right', '')).toBe(true)
  expect(notices).toMatchObject([{ kind: 'background-failure', task: 'check passwords' }])
})

it('refuses what a thread dies of twice, and goes on with the next', async () => {
  const { verify } = workerOf("if (task.password === 'deadly') throw new Error('dead')")
  await expect(verify('deadly', '')).rejects.toMatchObject({ kind: 'unavailable' })
  expect(await verify('right', '')).toBe(true)
})

it('refuses where there is no program to start', async () => {
  worker = createPasswordWorker(
    (notice) => notices.push(notice),
    pathToFileURL(join(folder, 'absent.mjs')),
  )
  await expect(worker.verify('right', '')).rejects.toMatchObject({ kind: 'unavailable' })
  await expect(worker.verify('right', '')).rejects.toMatchObject({ kind: 'unavailable' })
  expect(notices).toHaveLength(1)
})

it('ends calls under way when it is closed', async () => {
  const { verify, close } = workerOf('return')
  const call = verify('right', '')
  const refused = expect(call).rejects.toMatchObject({ kind: 'unavailable' })
  await close()
  await refused
  await expect(verify('right', '')).rejects.toMatchObject({ kind: 'unavailable' })
  expect(notices).toEqual([])
})
