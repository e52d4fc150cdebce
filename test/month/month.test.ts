import { expect, test } from 'vitest'
import { compileProgram } from '../cli/program.ts'
import { month } from './month.mjs'

/** The short form of `npm run month`. */
test('what a team keeps is there, and nothing else in the end', async () => {
  const program = await compileProgram()
  try {
    const { problems, figures } = await month({
      command: program.command,
      top: program.folder(),
      seed: 'a short month',
      ...{ days: 3, repositories: 4, members: 2, kills: 1, layerBytes: 100_000 },
      newest: { nightly: 2, ci: 3 },
      trashTime: '12h',
    })
    expect(problems).toEqual([])
    expect(figures).toMatchObject({ kills: 1 })
    expect(figures.checked).toBeGreaterThan(20)
    expect(figures.inBackup).toBeGreaterThan(2)
  } finally {
    program.remove()
  }
})
