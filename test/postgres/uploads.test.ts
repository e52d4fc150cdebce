import { describe } from 'vitest'
import { uploadStoreContract } from '../../src/testing/index.ts'
import { contractTests } from '../contracts/contract-tests.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { uploadPlace, uploadSupports } from './places.ts'

withServices('upload sessions in PostgreSQL', { postgres }, (running) => {
  describe('the contract', () => {
    contractTests(
      uploadStoreContract,
      uploadSupports,
      (clock) => uploadPlace(running.postgres, clock),
      4,
    )
  })
})
