import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { LeftToCi } from './test/left-to-ci.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/**
 * Files with a process of their own: they measure memory, or change the environment or what is global. A process and
 * its imports cost half a second, so the others go through one after the other.
 */
const alone = [
  'test/examples.test.ts',
  'test/{examples,month,prove,services,testing,tracing}/**/*.test.ts',
  'test/promises/{body-limits,listing-bounds}.test.ts',
  'test/core/manifest-bounds.test.ts',
  'test/disk/threaded-hash.test.ts',
]

/** Files that take long, the longest first. */
const long = [
  'deploy/image',
  'bun/connections',
  'linearizability/cluster',
  's3/faults',
  'deno/connections',
  'linearizability/stores',
  'edge/contracts',
  'webhooks/serve',
  'month/month',
  'cli/backup',
  'cli/move',
  'cli/copy',
  'cli/recover',
  'runtimes/slow-readers',
  'runtimes/floods',
  'runtimes/shared-store',
  'cluster/outages',
  'copy/many-nodes',
  'cli/copy-many-nodes',
  's3/resumption',
  'deno/contracts',
  'bun/requests',
  'edge/requests',
  'edge/registry',
  'postgres/metadata',
  'cluster/database-and-folder',
  'postgres/runtimes',
  'page/axe',
  'page/views',
  'page/hostile',
  'page/session',
  'page/keyboard',
  'node-http/serve',
  'cli/credentials',
  'cli/access',
  'cli/verify',
  'cli/admin/database',
  'cli/admin/folder-turn',
  'cli/mounted-storage',
  'cli/bucket',
  'prove/proofs',
  'disk/crash',
  'disk/segment-faults',
  'runtimes/wire',
]

/** Begins with long files, since one at the end would keep one processor alone, and ends with those that share. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification): number => {
      const at = long.findIndex((name) => moduleId.endsWith(`test/${name}.test.ts`))
      return at < 0 ? long.length + (project.config.isolate ? 0 : 1) : at
    }
    return (await super.sort(files)).sort((one, other) => place(one) - place(other))
  }
}

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^layerdock$/, replacement: here('src/index.ts') },
      { find: /^layerdock\/access$/, replacement: here('src/access/index.ts') },
      { find: /^layerdock\/retention$/, replacement: here('src/retention/index.ts') },
      { find: /^layerdock\/webhooks$/, replacement: here('src/webhooks/index.ts') },
      { find: /^layerdock\/tracing$/, replacement: here('src/tracing/index.ts') },
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
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...alone],
          isolate: false,
        },
      },
    ],
    setupFiles: [here('test/seed.ts')],
    reporters: ['default', new LeftToCi()],
    sequence: { sequencer: LongestFirst },
    // Tests that wait for clocks cost nothing beside each other.
    maxConcurrency: 16,
    // Only bounds for what never ends: a busy machine must not fail a test.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 100_000, interval: 20 } },
    // Much of the suite waits for processes and clocks: as many workers as cores would leave some idle.
    maxWorkers: availableParallelism() + 2,
    restoreMocks: true,
  },
})

export default config
