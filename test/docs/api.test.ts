import { expect, test } from 'vitest'
import { textOf } from '../architecture/source-files.ts'

const { exports, scripts } = JSON.parse(textOf('package.json')) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>
  readonly scripts: Readonly<Record<string, string>>
}
const deno = JSON.parse(textOf('deno.json')) as {
  readonly exports: Readonly<Record<string, string>>
}

/** The source of each entry of the package, by its name. */
const entries = Object.fromEntries(
  Object.entries(exports).flatMap(([name, target]) =>
    typeof target === 'string'
      ? []
      : [[name, target.types.replace('./dist/', './').replace(/\.d\.ts$/, '.ts')]],
  ),
)

test('npm run api has every entry of the package', () => {
  const given = scripts.api?.split(' ').filter((word) => word.endsWith('.ts')) ?? []
  expect(given.map((path) => `./${path}`).sort()).toEqual(Object.values(entries).sort())
})

test('the package has the same entries on JSR', () => {
  expect(deno.exports).toEqual(entries)
})
