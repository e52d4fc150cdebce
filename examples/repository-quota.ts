// A quota for each repository: the bytes of its manifests, and of the blobs that they name.
import { createRegistry, type Registry } from 'layerdock'
import { holdToQuotas } from 'layerdock/access'

const gib = 1024 ** 3
/** Images for machine learning may be large. */
const quotaOf = (repository: string): number => (repository.startsWith('ml/') ? 100 * gib : gib)

export const registry: Registry = createRegistry({ wrap: holdToQuotas(quotaOf) })
