// Two registries over the same names and bytes: one to push to, one that only answers pulls.
import { createRegistry, type Registry } from 'layerdock'
import { memoryStores } from 'layerdock/kit'

const stores = memoryStores()
export const inside: Registry = createRegistry({ stores })
export const outside: Registry = createRegistry({ stores, readOnly: true })
