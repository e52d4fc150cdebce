import type { Fault } from './faults.ts'

/** When a fault strikes. Of several rules that fit a request, the first given that is not used up does. */
export interface FaultRule {
  /** Default: every method. */
  readonly method?: string
  /**
   * The path, whole and without its query; or a pattern for the path with its query. Default: every
   * path.
   */
  readonly path?: string | RegExp
  /** How many requests that fit are left in peace first. Default: 0. */
  readonly after?: number
  /** How many requests it strikes. Default: 1; `Infinity` is all of them. */
  readonly times?: number
  readonly fault: Fault
}

/** A rule at work. */
export interface RaisedFault {
  /** How many requests it struck so far. */
  readonly struck: number
  /** Ends it. */
  end(): void
}

/** The rules of one registry. */
export interface FaultRules {
  add(rule: FaultRule): RaisedFault
  /** What goes wrong with this request, counted as struck; or null. */
  match(method: string, path: string): Fault | null
}

/** Makes a set of rules, with none in it. */
export function faultRules(): FaultRules {
  const rules: Set<ActiveRule> = new Set()
  return {
    add(rule) {
      const active = { rule, passed: 0, struck: 0 }
      rules.add(active)
      return {
        get struck() {
          return active.struck
        },
        end: () => void rules.delete(active),
      }
    },
    match(method, path) {
      for (const active of rules) {
        const { rule } = active
        if (!fits(rule, method, path) || active.struck >= (rule.times ?? 1)) continue
        if (active.passed < (rule.after ?? 0)) {
          active.passed += 1
          continue
        }
        active.struck += 1
        return rule.fault
      }
      return null
    },
  }
}

interface ActiveRule {
  readonly rule: FaultRule
  passed: number
  struck: number
}

function fits(rule: FaultRule, method: string, path: string): boolean {
  if (rule.method !== undefined && rule.method !== method) return false
  if (rule.path === undefined) return true
  if (typeof rule.path === 'string') return path.split('?', 1)[0] === rule.path
  // A pattern with the flag g or y would go on from where it last matched.
  return path.search(rule.path) !== -1
}
