import { describe, expect, test } from 'vitest'
import { filesBelow, importsOf, textOf } from '../architecture/source-files.ts'

/** What some files load when it is asked for: by `import()`. */
function loadedLate(paths: readonly string[]): readonly string[] {
  const found = new Set<string>()
  for (const path of paths) {
    const [text, early] = [textOf(path), /^(?:import|export)[^\n]*/gm]
    for (const { target } of importsOf(path, text.replace(early, ''))) found.add(target)
  }
  return [...found].filter((target) => target.startsWith('src/')).sort()
}

describe('loadEveryView', () => {
  test('loads all that the page, and the core for it, load late', () => {
    const list = 'src/ui/every-view.ts'
    const others = [...filesBelow('src/ui'), ...filesBelow('src/core')].filter(
      (path) => path.endsWith('.ts') && path !== list,
    )
    expect(loadedLate([list])).toEqual(loadedLate(others))
  })
})
