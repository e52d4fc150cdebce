import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeSnapshot } from '../../adapters/disk/snapshot-file.ts'
import { FaultFiles } from './fault-files.ts'
import { temporaryFolder } from './temporary.ts'

it('a large snapshot is synced while it is written, so that no other sync waits for all of it', async () => {
  const folder = await temporaryFolder()
  const files = new FaultFiles(folder)
  const path = join(folder, 'metadata.json.new')
  const lot = new Uint8Array(256 * 1024)
  const lots = 100
  await writeSnapshot(
    files,
    path,
    (async function* () {
      for (let at = 0; at < lots; at += 1) yield lot
    })(),
  )
  expect(statSync(path).size).toBe(lots * lot.length)
  const done = files.calls.map(({ operation }) => operation)
  const between = done
    .slice(0, done.lastIndexOf('datasync') + 1)
    .join(' ')
    .split('datasync')
    .map((part) => part.split('write').length - 1)
  expect(between.reduce((sum, count) => sum + count)).toBe(lots)
  expect(Math.max(...between)).toBeLessThanOrEqual(32)
})
