import { afterAll } from 'vitest'
import { openPostgres, type PostgresStores } from '../../adapters/postgres/index.ts'
import { createRegistry } from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { type RegistryFetch, registryContract } from '../../src/testing/index.ts'
import { contractTests } from '../contracts/contract-tests.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'

withServices('a registry with names in PostgreSQL', { postgres }, (running) => {
  let database: PostgresStores | null = null
  let fetch: RegistryFetch | null = null
  afterAll(() => database?.close())
  contractTests(registryContract, {}, async () => {
    database ??= await openPostgres({ url: await running.postgres.database() })
    fetch ??= createRegistry({ stores: { ...memoryStores(), metadata: database.metadata } }).fetch
    return fetch
  })
})
