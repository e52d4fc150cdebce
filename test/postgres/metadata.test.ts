import { metadataStoreContract } from '../../src/testing/index.ts'
import { contractTests } from '../contracts/contract-tests.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { metadataPlace, metadataSupports } from './places.ts'

withServices('names in PostgreSQL', { postgres }, (running) => {
  contractTests(metadataStoreContract, metadataSupports, () => metadataPlace(running.postgres), 4)
})
