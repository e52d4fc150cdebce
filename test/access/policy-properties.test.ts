import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePolicy, explainPolicy, parsePolicy } from '../../src/access/index.ts'
import { globMatcher } from '../../src/access/policy/glob.ts'
import {
  parseRepositoryPattern,
  repositoryMatcher,
} from '../../src/access/policy/repository-pattern.ts'
import { parseTagPattern } from '../../src/access/policy/tag-pattern.ts'
import type { Ask, Principal, RepositoryName } from '../../src/index.ts'
import { runs } from '../sample.ts'
import {
  everyAsk,
  everyCaller,
  everyName,
  firstMatch,
  type ModelPolicy,
  matchesName,
  matchesText,
  modelPolicies,
} from './policy-model.ts'
import { ask, tag } from './policy-names.ts'

/** The policy that was read; without the rules that deny nothing, which are problems. */
function read(model: ModelPolicy) {
  const { policy } = parsePolicy(model)
  fc.pre(policy !== null)
  return policy
}

describe('policies of random rules', () => {
  test('decide by the first rule that matches', () => {
    fc.assert(
      fc.property(modelPolicies, (model) => {
        const policy = compilePolicy(read(model))
        const wrong = everyCaller.flatMap((who) =>
          everyAsk.filter((asked) => {
            const index = firstMatch(model, who, asked)
            if (index === null && asked.action === 'catalog') return false
            const { decision, rule } = policy.decide(who, asked)
            const isAllowed = index !== null && model.rules[index]?.allow !== undefined
            const isRight = isAllowed
              ? decision === 'allow'
              : decision === 'deny' || (decision === 'login' && who === null)
            return !isRight || rule !== (index === null ? 'no rule' : `rules[${index}]`)
          }),
        )
        expect(wrong).toEqual([])
      }),
      { numRuns: runs(100) },
    )
  })

  test('ask callers without a name to log in only where it can help, and wherever it helps', () => {
    fc.assert(
      fc.property(modelPolicies, (model) => {
        const policy = compilePolicy(read(model))
        for (const asked of everyAsk) {
          const { decision } = policy.decide(null, asked)
          if (decision === 'allow') continue
          const helps = everyCaller.some(
            (who) => who !== null && policy.decide(who, asked).decision === 'allow',
          )
          if (helps) expect(decision).toBe('login')
        }
      }),
      { numRuns: runs(100) },
    )
  })

  test('show in the catalog what may be pulled', () => {
    fc.assert(
      fc.property(modelPolicies, (model) => {
        const policy = compilePolicy(read(model))
        for (const who of everyCaller) {
          const scope = policy.catalog(who)
          if (scope === undefined) continue
          const shown = everyName.filter(
            (name) =>
              scope === 'all' ||
              scope.names.includes(name as RepositoryName) ||
              scope.prefixes.some((prefix) => name.startsWith(prefix)),
          )
          const pulled = everyName.filter(
            (name) => policy.decide(who, ask('pull', name)).decision === 'allow',
          )
          expect(shown).toEqual(pulled)
          const hasOwnRule = model.rules.some((rule) =>
            (rule.allow ?? rule.deny)?.includes('catalog'),
          )
          if (pulled.length > 0 && !hasOwnRule) {
            expect(policy.decide(who, ask('catalog', null)).decision).toBe('allow')
          }
        }
      }),
      { numRuns: runs(200) },
    )
  })

  test('keep the tags that the caller may not delete, whatever is deleted', () => {
    fc.assert(
      fc.property(modelPolicies, (model) => {
        const immutable = [{ repositories: '*/**', tags: 'semver', except: 'user:b' }]
        const policy = compilePolicy(read({ ...model, immutable } as ModelPolicy))
        for (const who of everyCaller) {
          for (const name of everyName) {
            const decided = (reference: string | null) =>
              policy.decide(who, ask('delete', name, reference))
            const byDigest = decided('digest')
            for (const text of ['v1', '1.2.3', 'latest']) {
              const mayDelete = decided(text).decision === 'allow'
              const isKept = byDigest.isImmutable?.(tag(text)) === true
              if (byDigest.decision === 'allow') expect(isKept).toBe(!mayDelete)
            }
          }
        }
      }),
      { numRuns: runs(50) },
    )
  })

  test('are explained as they decide', () => {
    fc.assert(
      fc.property(
        modelPolicies,
        fc.constantFrom(...everyCaller),
        fc.constantFrom(...everyAsk),
        (model, who: Principal | null, asked: Ask) => {
          const policy = read(model)
          const { decision, rule } = compilePolicy(policy).decide(who, asked)
          const explained = explainPolicy(policy, who, asked)
          expect([explained.decision, explained.rule]).toEqual([decision, rule])
          const index = firstMatch(model, who, asked)
          expect(explained.rules).toHaveLength(index === null ? model.rules.length : index + 1)
          for (const [at, { misses }] of explained.rules.entries()) {
            expect(misses.length === 0).toBe(at === index)
          }
        },
      ),
      { numRuns: runs(500) },
    )
  })

  test('have no rule that decides among those that are said never to', () => {
    let said = 0
    fc.assert(
      fc.property(modelPolicies, (model) => {
        const { problems, warnings } = parsePolicy(model)
        const dead = [...problems, ...warnings].flatMap(({ path, message }) =>
          /never decides|denies nothing/.test(message) ? [Number(/\d+/.exec(path)?.[0])] : [],
        )
        said += dead.length
        if (dead.length === 0) return
        const deciding = everyCaller.flatMap((who) =>
          everyAsk.filter((asked) => dead.includes(firstMatch(model, who, asked) ?? -1)),
        )
        expect(deciding).toEqual([])
      }),
      { numRuns: runs(300) },
    )
    expect(said).toBeGreaterThan(0)
  })
})

describe('patterns', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })

  test('match text as one that tries everything does', () => {
    fc.assert(
      fc.property(
        text,
        fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }),
        (pattern, value) => {
          expect(globMatcher(pattern)(value)).toBe(matchesText(pattern, value))
        },
      ),
      { numRuns: runs(2000) },
    )
  })

  test('match names as one that tries everything does', () => {
    const segments = fc.array(fc.constantFrom('a', 'b', '*', 'a*', '*a*', '**'), {
      minLength: 1,
      maxLength: 5,
    })
    const names = fc.array(fc.constantFrom('a', 'b', 'ab', 'ba'), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(segments, names, (pattern, name) => {
        expect(repositoryMatcher(pattern.join('/'))(name.join('/'))).toBe(
          matchesName(pattern, name),
        )
      }),
      { numRuns: runs(5000) },
    )
  })

  test.each([
    ['stars', '*a'.repeat(100), 'a'.repeat(255)],
    ['stars, and another end', `${'*a'.repeat(120)}b`, `${'a'.repeat(254)}c`],
    ['segments', `${'**/a/'.repeat(100)}b`, `${'a/'.repeat(127)}c`],
    ['stars in segments', `${'**/*a*/'.repeat(60)}b`, `${'aa/'.repeat(84)}c`],
    [
      'two long segments',
      `**/${'a*'.repeat(60)}/**/${'*b'.repeat(60)}`,
      `${'ab'.repeat(60)}/${'ab'.repeat(60)}`,
    ],
  ])('with many %s take no time that grows without bound', (_, pattern, name) => {
    const matches = repositoryMatcher(pattern)
    const glob = globMatcher(pattern)
    // One that goes back for each star would not end.
    for (let round = 0; round < 200; round += 1) {
      matches(name)
      glob(name)
    }
    expect(matches(`${name}/b`)).toBe(matchesQuickly(pattern, `${name}/b`))
  })

  test('of any text are read or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'a/*{}.-_:userclaim') })),
        (any) => {
          const repository = parseRepositoryPattern(any)
          if ('pieces' in repository) {
            const pieces = repository.pieces.map((piece) =>
              typeof piece === 'string' ? piece : piece.text,
            )
            expect(pieces.join('')).toBe(any)
          }
          parseTagPattern(any)
        },
      ),
      { numRuns: runs(3000) },
    )
  })
})

/** The same by a table of what was found, so that nothing is tried twice. */
function matchesQuickly(pattern: string, name: string): boolean {
  const [segments, parts] = [pattern.split('/'), name.split('/')]
  const known: Map<string, boolean> = new Map()
  const matches = (at: number, from: number): boolean => {
    const key = `${at} ${from}`
    const found = known.get(key) ?? tried(at, from)
    known.set(key, found)
    return found
  }
  const tried = (at: number, from: number): boolean => {
    const segment = segments[at]
    if (segment === undefined) return from === parts.length
    const part = parts[from]
    if (segment !== '**') {
      return part !== undefined && globMatcher(segment)(part) && matches(at + 1, from + 1)
    }
    if (at === segments.length - 1) return part !== undefined
    return matches(at + 1, from) || (part !== undefined && matches(at, from + 1))
  }
  return matches(0, 0)
}

describe('documents', () => {
  test('of any value are read or refused, and one of two things is said', () => {
    const word = fc.constantFrom(
      'rules',
      'groups',
      'who',
      'allow',
      'deny',
      'repositories',
      'tags',
      'issuers',
      'quotas',
      'immutable',
      'except',
      'claims',
      'issuer',
      'name',
      '*',
      '**',
      'user:a',
      'pull',
      '__proto__',
      'constructor',
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        word,
        fc.string(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(word, tie('value'), { maxKeys: 5 }),
      ),
    }))
    fc.assert(
      fc.property(
        fc.oneof(
          value,
          fc.record({ rules: value }),
          fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }),
        ),
        (any) => {
          const { policy, problems } = parsePolicy(any)
          expect(policy === null).toBe(problems.length > 0)
        },
      ),
      { numRuns: runs(2000) },
    )
  })

  test('of any text are read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const { policy, problems } = parsePolicy(text)
        expect(policy === null).toBe(problems.length > 0)
      }),
      { numRuns: runs(1000) },
    )
  })
})
