import type { Reporter, TestModule } from 'vitest/node'

/** Says at the end what a short run left to CI. */
export class LeftToCi implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const left = new Map<string, number>()
    for (const module of modules) {
      for (const [what, count] of Object.entries(module.meta().left ?? {})) {
        left.set(what, (left.get(what) ?? 0) + count)
      }
    }
    if (left.size === 0) return
    const list = [...left].sort().map(([what, count]) => `${count} ${what}`)
    process.stdout.write(
      `A short run, which leaves to CI: ${list.join(', ')}.\n` +
        'TEST_SERVICES=required npm test tries all of it (CONTRIBUTING.md).\n\n',
    )
  }
}
