import { expect, test } from 'vitest'
import { DirectorySync } from '../../adapters/disk/directory-sync.ts'
import { FolderGuard } from '../../adapters/disk/folder-guard.ts'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { SegmentWriter } from '../../adapters/disk/segments/segment-writer.ts'
import { sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { SimulatedFiles, simulatedRoot } from './simulation/simulated-files.ts'

/** A writer of segments, and the places of records that it has put there. */
async function segmentWriter(): Promise<{ files: SimulatedFiles; writer: SegmentWriter }> {
  const files = new SimulatedFiles()
  const layout = layoutOf(simulatedRoot)
  await files.makeDirectory(layout.segments)
  const writer = new SegmentWriter({
    files,
    guard: new FolderGuard(simulatedRoot, { isHeld: async () => true }),
    folder: new DirectorySync(files, layout.segments, () => {}),
    pathOf: (name) => layout.segment(name),
    failed: (error) => error,
    grown: () => {},
  })
  return { files, writer }
}

test('a segment is retired at any moment without harm to what is appended then', async () => {
  for (let wait = 0; wait < 80; wait += 1) {
    const { files, writer } = await segmentWriter()
    const places: string[] = []
    const append = async (number: number): Promise<void> => {
      const { segment, offset } = await writer.append(sampleDigest(number), [sampleBytes(10)], 10)
      places.push(`${segment}:${offset}`)
    }
    // One after the other, so that a batch is always about to begin.
    const appending = (async () => {
      for (let number = 0; number < 6; number += 1) await append(number)
    })()
    for (let turns = wait; turns > 0; turns -= 1) await null
    const before = writer.current
    await writer.retire()
    expect(writer.current).not.toBe(before ?? '')
    await appending
    expect(new Set(places).size, `after ${wait} turns`).toBe(6)
    await writer.close()
    // The folder is held open for its syncs.
    expect(files.descriptors).toBe(1)
  }
})
