import { equals, holds } from '../contract.ts'
import { bytesOf, compact, logCase, type MetadataLogCase } from './log-case.ts'

/** Seals: how much of the newest journal is durable, told apart from it. */
export const sealCases: readonly MetadataLogCase[] = [
  logCase('a seal says how much was appended before it', async (reopen) => {
    const { log } = await reopen()
    await log.append(bytesOf('one\n'))
    await log.seal()
    await log.append(bytesOf('and more\n'))
    const { found } = await reopen()
    const generation = found.journals.at(-1)?.generation
    equals(found.seal, { generation, bytes: 4 }, 'the seal')
  }),

  logCase('the last of many seals counts', async (reopen) => {
    const { log } = await reopen()
    for (let bytes = 2; bytes <= 20; bytes += 2) {
      await log.append(bytesOf('x\n'))
      await log.seal()
    }
    await log.seal()
    equals((await reopen()).found.seal?.bytes, 20, 'the seal')
  }),

  logCase('what is adopted is sealed, and what is cut is not', async (reopen) => {
    const { log } = await reopen()
    await log.append(bytesOf('whole\n'))
    await log.append(bytesOf('torn'))
    const generation = (await reopen({ journalBytes: 6 })).found.journals.at(-1)?.generation
    equals((await reopen()).found.seal, { generation, bytes: 6 }, 'the seal')
  }),

  logCase('a rotation seals that the next journal is there', async (reopen) => {
    const { log } = await reopen()
    await log.append(bytesOf('old\n'))
    await log.seal()
    const first = await log.rotate()
    await log.append(bytesOf('new\n'))
    equals((await reopen()).found.seal, { generation: first, bytes: 0 }, 'the seal')
    const { log: next } = await reopen()
    const second = await next.rotate()
    await next.append(bytesOf('newest\n'))
    await next.seal()
    equals((await reopen()).found.seal, { generation: second, bytes: 7 }, 'that of the one after')
  }),

  logCase('a seal outlives snapshots, and never says more than there is', async (reopen) => {
    const { log } = await reopen()
    for (const round of [1, 2, 3]) {
      await log.append(bytesOf(`round ${round}\n`))
      await log.seal()
      await compact(log)
    }
    await log.append(bytesOf('last\n'))
    const { found } = await reopen()
    const newest = found.journals.at(-1)
    holds(found.seal !== null && newest !== undefined, 'there are a seal and a journal')
    equals(found.seal.generation, newest.generation, 'the journal it is about')
    holds(found.seal.bytes <= newest.text.length, 'it says no more than there is')
  }),
]
