import type { ReadPolicy } from '../access/policy/read-policy.ts'
import { repositoryMatcher } from '../access/policy/repository-pattern.ts'
import type { ImmutableTags } from './decide.ts'

/**
 * The tags that an access policy makes immutable. Retention is none of the callers that a rule may except, so that
 * they stay.
 */
export function immutableTags({ immutable }: Pick<ReadPolicy, 'immutable'>): ImmutableTags {
  const rules = immutable.map(({ label, repositories, tags }) => {
    const matchers = repositories.map(({ text }) => repositoryMatcher(text))
    return { label, tags, isAbout: (name: string) => matchers.some((matches) => matches(name)) }
  })
  return (repository, tag) => {
    const found = rules.find(
      ({ tags, isAbout }) => tags.some(({ matches }) => matches(tag)) && isAbout(repository),
    )
    return found === undefined ? null : `${found.label} of the access policy`
  }
}
