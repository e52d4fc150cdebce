import { equals, rejects } from '../contract.ts'
import {
  bytesOf,
  chunksOf,
  compact,
  logCase,
  type MetadataLogCase,
  snapshotText,
  textsOf,
} from './log-case.ts'

/** Snapshots: written beside appends, kept with the one before, lost. */
export const snapshotCases: readonly MetadataLogCase[] = [
  logCase('a snapshot is there when it is opened again', async (reopen) => {
    const { log } = await reopen()
    await log.append(bytesOf('old\n'))
    const generation = await compact(log, 'ä and more\n')
    await log.append(bytesOf('new\n'))
    const { found } = await reopen()
    equals(
      found.snapshots.map((file) => [file.generation, file.text]),
      [[generation, snapshotText(generation, 'ä and more\n')]],
      'the snapshot',
    )
    const newer = found.journals.filter((file) => file.generation >= generation)
    equals(textsOf(newer), ['new\n'], 'the journal after it')
  }),

  logCase('a large snapshot comes back whole', async (reopen) => {
    const { log } = await reopen()
    const rows = `${'["repository","a/b"],\n'.repeat(100_000)}`
    const generation = await log.rotate()
    await log.replace(generation, chunksOf(snapshotText(generation, rows), 65_521))
    const [text] = textsOf((await reopen()).found.snapshots)
    equals(text === snapshotText(generation, rows), true, 'whether it is the same')
  }),

  logCase('the snapshot before is kept with its journals, and older ones go', async (reopen) => {
    const { log } = await reopen()
    const generations: number[] = []
    for (const round of [1, 2, 3, 4]) {
      await log.append(bytesOf(`before ${round}\n`))
      generations.push(await compact(log, `rows ${round}\n`))
    }
    await log.append(bytesOf('last\n'))
    const [, , third = 0, fourth = 0] = generations
    const { found } = await reopen()
    equals(
      found.snapshots.map((file) => [file.generation, file.text]),
      [
        [fourth, snapshotText(fourth, 'rows 4\n')],
        [third, snapshotText(third, 'rows 3\n')],
      ],
      'snapshots, newest first',
    )
    equals(
      found.journals.map((file) => [file.generation, file.text]),
      [
        [third, 'before 4\n'],
        [fourth, 'last\n'],
      ],
      'journals',
    )
  }),

  logCase('appends go on while a snapshot is written', async (reopen) => {
    const { log } = await reopen()
    const generation = await log.rotate()
    await log.replace(
      generation,
      (async function* () {
        yield bytesOf(snapshotText(generation, ''))
        await log.append(bytesOf('meanwhile\n'))
        yield bytesOf('rows\n')
        await log.append(bytesOf('and again\n'))
      })(),
    )
    const { found } = await reopen()
    equals(textsOf(found.snapshots), [snapshotText(generation)], 'the snapshot')
    equals(textsOf(found.journals).at(-1), 'meanwhile\nand again\n', 'the journal')
  }),

  logCase('a snapshot that was not finished leaves what there was', async (reopen) => {
    const { log } = await reopen()
    const first = await compact(log, 'whole\n')
    await log.append(bytesOf('old\n'))
    const second = await log.rotate()
    const failing = (async function* () {
      yield bytesOf(snapshotText(second, ''))
      throw new Error('taken back')
    })()
    await rejects(() => log.replace(second, failing), 'a snapshot whose rows fail is refused')
    await log.append(bytesOf('new\n'))
    const { found } = await reopen()
    equals(textsOf(found.snapshots), [snapshotText(first, 'whole\n')], 'snapshots')
    const newer = found.journals.filter(({ generation }) => generation >= first)
    equals(textsOf(newer), ['old\n', 'new\n'], 'journals')
  }),

  logCase('a damaged snapshot is put aside, and the one before counts', async (reopen) => {
    const { log } = await reopen()
    const first = await compact(log, 'first\n')
    await log.append(bytesOf('old\n'))
    await compact(log, 'second\n')
    await log.append(bytesOf('new\n'))
    const [newest] = (await reopen()).found.snapshots
    const { log: third } = await reopen({ damaged: [newest?.name ?? ''] })
    await third.append(bytesOf('newer\n'))

    const { log: fourth, found } = await reopen()
    equals(textsOf(found.snapshots), [snapshotText(first, 'first\n')], 'snapshots')
    const after = found.journals.filter(({ generation }) => generation >= first)
    equals(textsOf(after), ['old\n', 'new\nnewer\n'], 'journals')

    const last = await compact(fourth, 'third\n')
    const texts = [snapshotText(last, 'third\n'), snapshotText(first, 'first\n')]
    equals(textsOf((await reopen()).found.snapshots), texts, 'snapshots after the next')
  }),
]
