import type { Explanation, RetentionReport } from '../../../src/retention/index.ts'
import { countText, sizeText } from '../copy/amounts.ts'
import { plain } from '../plain-text.ts'

/** What a run did, or would do, for a person. */
export function reportLines(report: RetentionReport, isDry: boolean): readonly string[] {
  const { looked, tags, manifests, repositories, bytes } = report
  const what = [
    counted(tags, 'tag', 'tags'),
    counted(manifests, 'manifest', 'manifests'),
    ...(repositories > 0 ? [counted(repositories, 'empty repository', 'empty repositories')] : []),
  ].join(', ')
  const where = `looked at ${counted(looked, 'repository', 'repositories')}`
  if (!isDry) return [`deleted ${what}; ${where}`]
  return [
    `would delete ${what}; ${where}`,
    `would free ${sizeText(bytes ?? 0)}, once trash and leases are over and garbage is collected`,
  ]
}

/** What becomes of each tag and manifest, in columns. */
export function explanationLines(explanations: readonly Explanation[]): readonly string[] {
  const names = explanations.map(({ tag, digest }) => tag ?? digest.slice(0, 19))
  const width = Math.min(Math.max(0, ...names.map((name) => name.length)), 40)
  return explanations.map(({ isKept, rule, reason }, at) => {
    const why = rule === null ? reason : `${rule}: ${reason}`
    return plain(`${(names[at] ?? '').padEnd(width)}  ${isKept ? 'stays' : 'goes '}  ${why}`, 1000)
  })
}

function counted(count: number, one: string, many: string): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}
