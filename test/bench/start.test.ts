import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { peer } from '../../bench/servers.mjs'
import { start } from '../../bench/start.mjs'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-start-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A server that gives these answers, one after another, and the last of them for ever. */
function serverWith(answers: readonly number[]) {
  const program = join(folder, `answers-${answers.join('-')}.mjs`)
  writeFileSync(
    program,
    `import { createServer } from 'node:http'
const answers = ${JSON.stringify(answers)}
createServer((_, response) => {
  response.writeHead(answers.length > 1 ? answers.shift() : answers[0], { 'Content-Length': 0 })
  response.end()
}).listen(Number(process.argv[2]), '127.0.0.1')
`,
  )
  return peer(`mine=${process.execPath} ${program} {port} {dir}`)
}

test('a server that is still opening its store has not started', async () => {
  const storage = join(folder, 'filled')
  const running = await start(serverWith([503, 503, 200]), join(folder, 'opening'), {
    storage,
    settle: 0,
  })
  try {
    expect(running.ended()).toBeNull()
    expect(running.idle.bootMs).toBeGreaterThan(0)
    expect(existsSync(storage)).toBe(true)
  } finally {
    await running.stop()
  }
  expect(running.ended()).toContain('SIGTERM')
})

test('a server that answers anything else did not start', async () => {
  await expect(start(serverWith([500]), join(folder, 'refusing'))).rejects.toThrow('answered 500')
})
