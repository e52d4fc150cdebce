import { crashes } from './crashes.ts'
import { kills } from './kills.ts'
import { power } from './power.ts'
import type { Proof } from './proof.ts'
import { soak } from './soak.ts'

/** Every proof, by its name. */
export const proofs: Readonly<Record<string, Proof>> = {
  crashes,
  kills,
  power,
  soak,
}
