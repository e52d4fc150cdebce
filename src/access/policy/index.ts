export { accessPolicy, compilePolicy, PolicyError } from './access-policy.ts'
export type * from './document.ts'
export {
  explainPolicy,
  type PolicyExplanation,
  type RuleExplanation,
  type RuleMiss,
} from './explain.ts'
export { type ParsePolicyOptions, type PolicyReading, parsePolicy } from './parse-policy.ts'
export { repositoryQuota } from './parse-quotas.ts'
export { parsePolicyAction } from './parse-rule.ts'
export type * from './read-policy.ts'
export { signedInMayAll } from './signed-in-may-all.ts'
export { claimNamed, haveClaims } from './who.ts'
