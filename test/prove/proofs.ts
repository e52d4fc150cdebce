import { copies } from './copies.ts'
import { crashes } from './crashes.ts'
import { damage } from './damage.ts'
import { diskErrors } from './disk-errors.ts'
import { kills } from './kills.ts'
import { linearizability } from './linearizability.ts'
import { memory } from './memory.ts'
import { power } from './power.ts'
import type { Proof } from './proof.ts'
import { races } from './races.ts'
import { resume } from './resume.ts'
import { scrub } from './scrub.ts'
import { soak } from './soak.ts'
import { syncs } from './syncs.ts'

/** Every proof, by its name. */
export const proofs: Readonly<Record<string, Proof>> = {
  crashes,
  kills,
  power,
  syncs,
  damage,
  copies,
  'disk-errors': diskErrors,
  races,
  linearizability,
  resume,
  scrub,
  memory,
  soak,
}
