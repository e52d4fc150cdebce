import type { Findings } from './findings.ts'
import type { ReadPolicy } from './read-policy.ts'

/** Looks for what is allowed in a policy, and may not be meant. */
export function lookCritically(_policy: ReadPolicy, _findings: Findings): void {}
