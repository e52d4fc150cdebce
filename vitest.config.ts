import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^layerdock$/, replacement: here('src/index.ts') },
      { find: /^layerdock\/access$/, replacement: here('src/access/index.ts') },
      { find: /^layerdock\/retention$/, replacement: here('src/retention/index.ts') },
      { find: /^layerdock\/ui$/, replacement: here('src/ui/index.ts') },
      { find: /^layerdock\/kit$/, replacement: here('src/kit.ts') },
      { find: /^layerdock\/testing$/, replacement: here('src/testing/index.ts') },
      { find: /^layerdock\/node$/, replacement: here('adapters/node-fs/index.ts') },
      { find: /^layerdock\/bun$/, replacement: here('adapters/bun/index.ts') },
      { find: /^layerdock\/deno$/, replacement: here('adapters/deno/index.ts') },
      { find: /^layerdock\/postgres$/, replacement: here('adapters/postgres/index.ts') },
      { find: /^layerdock\/s3$/, replacement: here('adapters/s3/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Tests that wait for clocks cost nothing beside each other.
    maxConcurrency: 16,
    // Only bounds for what never ends: a busy machine must not fail a test.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 100_000, interval: 20 } },
    // Much of the suite waits for processes and clocks: a worker less than cores would leave one idle.
    maxWorkers: Math.max(availableParallelism(), 2),
    restoreMocks: true,
  },
})

export default config
