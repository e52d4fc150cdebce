import { expect, test } from 'vitest'
import { sealedCursors } from '../../src/http/sealed-cursor.ts'

test('a sealed cursor stands for a name, and tells neither it nor how long it is', async () => {
  const cursors = sealedCursors()
  const names = ['a', 'team/app', 'n'.repeat(255)]
  const sealed = await Promise.all(names.map((name) => cursors.seal(name)))
  expect(await Promise.all(sealed.map((text) => cursors.open(text)))).toEqual(names)
  expect(new Set(sealed.map((text) => text.length)).size).toBe(1)
  expect(await cursors.open(await sealedCursors(new Uint8Array(32)).seal('a'))).toBeNull()
})
