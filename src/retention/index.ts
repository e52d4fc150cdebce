/** Retention: which tags and manifests stay, and which are deleted, by a policy. */

export type { PolicyFinding } from '../access/policy/read-policy.ts'
export type { Decision, ImmutableTags } from './decide.ts'
export type * from './document.ts'
export type { Explanation } from './explain.ts'
export { immutableTags } from './immutable-tags.ts'
export { parseRetention } from './parse-retention.ts'
export type { RetentionPolicy, RetentionReading, RetentionRule } from './read-policy.ts'
export {
  type Retention,
  type RetentionOptions,
  type RetentionReport,
  type RunOptions,
  retention,
} from './retention.ts'
