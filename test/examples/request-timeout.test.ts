import { expect, test } from 'vitest'
import { filesBelow, textOf } from '../architecture/source-files.ts'

// Node's default ends a request after five minutes, which cuts a slow push.

/** Modules whose servers are `node:http` servers. Layerdock's own `serve` sets its timeouts. */
const server = /from '(?:@hono\/node-server|node:http|express|fastify|h3)'/

/** Each program that is shown to a reader, by the file that it is in. */
const programs = ['README.md', 'CONTRIBUTING.md', ...filesBelow('examples')].flatMap((path) => {
  const text = textOf(path)
  if (path.endsWith('.ts')) return [{ path, text }]
  const blocks = path.endsWith('.md') ? text.matchAll(/^```[tj]s\n([\s\S]*?)^```/gm) : []
  return [...blocks].map(([, block = '']) => ({ path, text: block }))
})
const serving = programs.filter(({ text }) => server.test(text))

test('programs that start a Node server are found', () => {
  const paths = serving.map(({ path }) => path)
  expect(paths).toContain('README.md')
  expect(paths).toContain('examples/mount-express.ts')
  expect(paths.length).toBeGreaterThan(5)
})

test.each(serving)('a program in $path sets requestTimeout: 0', ({ text }) => {
  expect(text).toMatch(/requestTimeout(?:: | = )0/)
})
