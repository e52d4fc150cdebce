import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AwsClient } from 'aws4fetch'
import postgresClient from 'postgres'
import { describe, expect, test } from 'vitest'
import { runtimes } from '../../conformance/servers.mjs'
import { type ObjectStorage, seaweedfs, versitygw } from './object-storage.ts'
import { postgresAlone } from './postgres.ts'
import { decide, type RunningService, type TestService } from './test-service.ts'
import { withServices } from './with-services.ts'

async function ask(url: string, query: string): Promise<unknown> {
  const sql = postgresClient(url, { max: 1, onnotice: () => {} })
  try {
    return await sql.unsafe(query)
  } finally {
    await sql.end()
  }
}

withServices('a PostgreSQL server of a test', { postgres: postgresAlone }, (running) => {
  test('each database is its own', async () => {
    const [one, two] = [await running.postgres.database(), await running.postgres.database()]
    await ask(one, 'create table only_here ()')
    await expect(ask(two, 'select * from only_here')).rejects.toThrow('does not exist')
  })

  test('a database that was prepared once is copied', async () => {
    let calls = 0
    const prepare = async (url: string): Promise<void> => {
      calls += 1
      await ask(url, 'create table prepared as select 7 as number')
    }
    const urls = [
      await running.postgres.database(prepare),
      await running.postgres.database(prepare),
    ]
    for (const url of urls)
      expect(await ask(url, 'select * from prepared')).toEqual([{ number: 7 }])
    expect([calls, new Set(urls).size]).toEqual([1, 2])
  })

  test('what was committed outlives its death', async () => {
    const url = await running.postgres.database()
    await ask(url, 'create table kept as select 1 as number')
    await running.postgres.halt()
    await expect(ask(url, 'select 1')).rejects.toThrow()
    await running.postgres.resume()
    expect(await ask(url, 'select * from kept')).toEqual([{ number: 1 }])
  })
})

function objectStorageTests(name: string, service: TestService<ObjectStorage>): void {
  withServices(`a server of ${name}`, { service }, (running) => {
    test('takes what is signed, and outlives its death', async () => {
      const { endpoint, region, accessKeyId, secretAccessKey } = running.service
      const signed = { accessKeyId, secretAccessKey, region, service: 's3', retries: 0 }
      const client = new AwsClient(signed)
      const url = `${endpoint}/${await running.service.bucket()}/${running.service.prefix()}/key`
      expect((await client.fetch(url, { method: 'PUT', body: 'content' })).status).toBe(200)
      const wrong = new AwsClient({ ...signed, secretAccessKey: 'wrong' })
      expect((await wrong.fetch(url)).status).toBe(403)
      await running.service.halt()
      await expect(fetch(url)).rejects.toThrow()
      await running.service.resume()
      expect(await (await client.fetch(url)).text()).toBe('content')
    })
  })
}

objectStorageTests('SeaweedFS', seaweedfs)
objectStorageTests('versitygw', versitygw)

withServices('servers of tests that die', { postgres: postgresAlone }, () => {
  test('a server ends with the process that started it', async () => {
    const program = fileURLToPath(new URL('start-and-wait.ts', import.meta.url))
    const [bun = ''] = runtimes.bun?.find('current').command ?? []
    const child = spawn(bun, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(child.stdout, 'data')
    const { pid, folder } = JSON.parse(String(line)) as RunningService
    const isAlive = (): boolean => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    expect([isAlive(), existsSync(folder)]).toEqual([true, true])
    child.kill('SIGKILL')
    await expect.poll(() => [isAlive(), existsSync(folder)]).toEqual([false, false])
  })
})

describe('which tests run', () => {
  const there = { id: 'there', missing: () => null } as TestService
  const gone = { id: 'gone', missing: () => 'no Gone (install it)' } as TestService
  const skip = { kind: 'skip', reason: 'no Gone (install it)' }
  test.each([
    ['', [there], { kind: 'run' }],
    ['', [there, gone], skip],
    ['required', [there], { kind: 'run' }],
    ['required', [there, gone], { ...skip, kind: 'fail' }],
    ['there', [there, gone], skip],
    ['there,gone', [gone], { ...skip, kind: 'fail' }],
    ['none', [there], { kind: 'skip', reason: 'TEST_SERVICES=none' }],
  ])('%j', (setting, services, decision) => {
    expect(decide(services, setting)).toEqual(decision)
  })
})
