import type { Tag } from '../../oci/tag.ts'
import type { Action, Ask, Principal, Ruling } from '../../ports/access.ts'
import type { Policy } from '../policy.ts'
import {
  allowSome,
  type CallerRule,
  type CallerRules,
  callerRules,
  coversReference,
  firstRule,
} from './caller-rules.ts'
import { catalogScope } from './catalog-scope.ts'
import type { PolicyDocument } from './document.ts'
import { type ParsePolicyOptions, parsePolicy } from './parse-policy.ts'
import type { ImmutableRule, PolicyFinding, ReadPolicy } from './read-policy.ts'
import {
  allowedBy,
  mightHelpToLogIn,
  possibleRules,
  refusal,
  refusalOfDeletion,
  ruleOfCatalog,
} from './refusals.ts'

/** A policy in code that has problems. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
  readonly problems: readonly PolicyFinding[]

  constructor(problems: readonly PolicyFinding[]) {
    super(problems.map(({ path, message }) => `${path || 'the policy'}: ${message}`).join('\n'))
    this.problems = problems
  }
}

/**
 * Makes a {@link Policy} of a document that is written in code.
 *
 * @throws PolicyError with every problem of the document.
 * @example
 * const policy = accessPolicy({
 *   rules: [
 *     { who: 'group:ci', repositories: 'team/**', allow: ['pull', 'push'] },
 *     { who: 'anonymous', repositories: 'public/**', allow: 'pull' },
 *   ],
 *   groups: { ci: ['builder'] },
 *   immutable: [{ repositories: '**', tags: 'semver' }],
 * })
 */
export function accessPolicy(document: PolicyDocument, options: ParsePolicyOptions = {}): Policy {
  const { policy, problems } = parsePolicy(document, options)
  if (policy === null) throw new PolicyError(problems)
  return compilePolicy(policy)
}

/** What is remembered of a caller. */
interface Caller extends CallerRules {
  readonly repositories: Map<string, Within>
}

/** What the policy says of a caller and a repository. */
interface Within extends CallerRules {
  /** Undefined where no tag is immutable, so that nothing is asked of the store. */
  readonly isImmutable: ((tag: Tag) => boolean) | undefined
  /** Whether a tag stays when the manifest it stands for is deleted; undefined where none does. */
  readonly isKept: ((tag: Tag) => boolean) | undefined
  /** Rulings on actions that are the same for every tag and digest. */
  readonly rulings: Map<Action, Ruling>
}

/**
 * What is remembered of all callers together: rules that are about a caller, and repositories it asked for. When it is
 * more, all of it is forgotten, so that a caller with many names for repositories takes no memory.
 */
const leastRoom = 4096

/** Makes a {@link Policy} of one that was read. */
export function compilePolicy(policy: ReadPolicy): Policy {
  const rulesOf = callerRules(policy)
  const possible = possibleRules(policy.rules)
  let callers: WeakMap<object, Caller> = new WeakMap()
  let remembered = 0
  const mostRemembered = Math.max(leastRoom, 16 * policy.rules.length)
  /** The key of callers without a name. */
  const nameless = {}

  function remember(count: number): void {
    remembered += count
    if (remembered <= mostRemembered) return
    callers = new WeakMap()
    remembered = 0
  }

  function callerOf(principal: Principal | null): Caller {
    const key = principal ?? nameless
    const known = callers.get(key)
    if (known !== undefined) return known
    const { rules, immutable } = rulesOf(principal)
    remember(1 + rules.length + immutable.length)
    const caller = { rules, immutable, repositories: new Map() }
    callers.set(key, caller)
    return caller
  }

  function within(caller: Caller, repository: string): Within {
    const known = caller.repositories.get(repository)
    if (known !== undefined) return known
    const found = withinRepository(caller, repository)
    remember(1)
    caller.repositories.set(repository, found)
    return found
  }

  function refused(principal: Principal | null, ask: Ask, rule?: string): Ruling {
    const isLogin = principal === null && mightHelpToLogIn(possible, ask)
    return refusal(principal, ask, rule === undefined ? { isLogin } : { isLogin, rule })
  }

  function ruled(rules: readonly CallerRule[], principal: Principal | null, ask: Ask): Ruling {
    const found = firstRule(rules, ask)
    if (found === null) return refused(principal, ask)
    const { rule } = found
    return rule.effect === 'allow' ? allowedBy(rule) : refused(principal, ask, rule.label)
  }

  function change(found: Within, principal: Principal | null, ask: Ask): Ruling {
    const ruling = ruled(found.rules, principal, ask)
    if (ruling.decision !== 'allow' || found.isKept === undefined) return ruling
    const { action, reference } = ask
    const { isImmutable, isKept } = found
    if (action === 'push') return isImmutable === undefined ? ruling : { ...ruling, isImmutable }
    if (action !== 'delete') return ruling
    if (reference?.kind === 'digest') return { ...ruling, isImmutable: isKept }
    const tag = reference?.tag ?? null
    const stays = found.immutable.find(({ rule }) => tag === null || hasTag(rule, tag))
    return stays === undefined ? ruling : refusalOfDeletion(stays.rule.label, tag)
  }

  return {
    isPublic: rulesOf(null).rules.some(
      ({ rule, patterns }) => rule.effect === 'allow' && patterns.length > 0,
    ),

    decide(principal, ask) {
      const caller = callerOf(principal)
      const { action, repository } = ask
      if (action === 'catalog') {
        const found = ruleOfCatalog(caller.rules)
        return found?.isAllowed ? allowedBy(found.rule) : refused(principal, ask, found?.rule.label)
      }
      if (repository === null) return ruled(caller.rules, principal, ask)
      const found = within(caller, repository)
      const known = found.rulings.get(action)
      if (known !== undefined) return known
      const ruling = change(found, principal, ask)
      if (isSameForAll(found, action, ruling)) found.rulings.set(action, ruling)
      return ruling
    },

    isPossible(principal, ask) {
      const { action, repository } = ask
      const caller = callerOf(principal)
      if (action === 'catalog') return ruleOfCatalog(caller.rules)?.isAllowed === true
      return allowSome(repository === null ? caller.rules : within(caller, repository).rules, ask)
    },

    catalog(principal) {
      return catalogScope(callerOf(principal).rules)
    },
  }
}

/** Whether the ruling on an ask is the same whatever tag or digest it names. */
function isSameForAll({ rules }: Within, action: Action, { decision }: Ruling): boolean {
  if (action === 'pull') return true
  // A refusal names the tag, and a deletion depends on it.
  if (decision === 'deny' || action === 'delete') return false
  return rules.every(({ rule }) => rule.tags === null)
}

function withinRepository(caller: CallerRules, repository: string): Within {
  const rules = caller.rules.filter(({ matches }) => matches(repository))
  const immutable = caller.immutable.filter(({ matches }) => matches(repository))
  const isImmutable = (tag: Tag): boolean => immutable.some(({ rule }) => hasTag(rule, tag))
  /** A tag that the caller may not delete does not go with its manifest either. */
  const isDenied = (tag: Tag): boolean => {
    const reference = { kind: 'tag', tag } as const
    const found = rules.find(
      ({ rule }) => rule.actions.has('delete') && coversReference(rule, 'delete', reference),
    )
    return found?.rule.effect !== 'allow'
  }
  const hasDenials = rules.some(({ rule }) => rule.effect === 'deny' && rule.tags !== null)
  const hasImmutable = immutable.length > 0
  return {
    rules,
    immutable,
    rulings: new Map(),
    isImmutable: hasImmutable ? isImmutable : undefined,
    isKept: hasDenials || hasImmutable ? (tag) => isImmutable(tag) || isDenied(tag) : undefined,
  }
}

function hasTag({ tags }: ImmutableRule, tag: string): boolean {
  return tags.some(({ matches }) => matches(tag))
}
