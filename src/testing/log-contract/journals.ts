import { equals } from '../contract.ts'
import { bytesOf, logCase, type MetadataLogCase, textsOf } from './log-case.ts'

/** Journals: appended to, cut, followed by the next. */
export const journalCases: readonly MetadataLogCase[] = [
  logCase('a new log holds nothing', async (reopen) => {
    const { found } = await reopen()
    equals(found, { snapshots: [], journals: [], seal: null }, 'what is there at first')
    const { snapshots, journals, seal } = (await reopen()).found
    equals({ snapshots, journals }, { snapshots: [], journals: [] }, 'when it is opened again')
    equals(seal?.bytes, 0, 'the seal then')
  }),

  logCase('what was appended is there when it is opened again', async (reopen) => {
    const { log } = await reopen()
    await log.append(bytesOf('one\n'))
    await log.append(bytesOf('two: ä\n'))
    const second = await reopen()
    equals(textsOf(second.found.journals), ['one\ntwo: ä\n'], 'after one opening')
    await second.log.append(bytesOf('three\n'))
    equals(textsOf((await reopen()).found.journals), ['one\ntwo: ä\nthree\n'], 'after the next')
  }),

  logCase('a large append comes back whole', async (reopen) => {
    const { log } = await reopen()
    const large = `${'0123456789abcdef'.repeat(200_000)}\n`
    await log.append(bytesOf('before\n'))
    await log.append(bytesOf(large))
    await log.append(bytesOf('after\n'))
    const [text = ''] = textsOf((await reopen()).found.journals)
    equals(text.length, large.length + 13, 'its length')
    equals(text === `before\n${large}after\n`, true, 'whether it is the same')
  }),

  logCase('what is beyond the choice is cut, and appends go on there', async (reopen) => {
    const { log } = await reopen()
    await log.append(bytesOf('whole\n'))
    await log.append(bytesOf('torn'))
    const second = await reopen({ journalBytes: 6 })
    await second.log.append(bytesOf('next\n'))
    equals(textsOf((await reopen()).found.journals), ['whole\nnext\n'], 'the journal')
  }),

  logCase('a journal may be cut to nothing', async (reopen) => {
    const { log } = await reopen()
    await log.append(bytesOf('torn'))
    await reopen({ journalBytes: 0 })
    equals((await reopen()).found.journals, [], 'the journal, cut')
  }),

  logCase('a rotation begins the journal of the next generation', async (reopen) => {
    const { log, found } = await reopen()
    const first = found.journals.at(-1)?.generation ?? 0
    await log.append(bytesOf('old\n'))
    equals(await log.rotate(), first + 1, 'its number')
    await log.append(bytesOf('new\n'))
    equals(await log.rotate(), first + 2, 'the number of the one after')
    await log.append(bytesOf('newest\n'))
    const second = await reopen()
    equals(
      second.found.journals.map(({ generation, text }) => [generation - first, text]),
      [
        [0, 'old\n'],
        [1, 'new\n'],
        [2, 'newest\n'],
      ],
      'journals, oldest first',
    )
    await second.log.append(bytesOf('more\n'))
    equals(textsOf((await reopen()).found.journals).at(-1), 'newest\nmore\n', 'the newest')
  }),

  logCase('an empty generation is gone on with', async (reopen) => {
    const { log } = await reopen()
    await log.append(bytesOf('old\n'))
    const generation = await log.rotate()
    const second = await reopen()
    await second.log.append(bytesOf('new\n'))
    const last = (await reopen()).found.journals.at(-1)
    equals([last?.generation, last?.text], [generation, 'new\n'], 'the newest journal')
  }),
]
