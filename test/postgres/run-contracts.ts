// Keeps the contracts on the PostgreSQL server whose URL is the argument, on the runtime that this runs on: every
// nth case, if a number follows.
import {
  blobStoreContract,
  casesFor,
  metadataStoreContract,
  uploadStoreContract,
} from '../../src/testing/index.ts'
import { databasesIn } from '../services/postgres.ts'
import {
  metadataPlace,
  metadataSupports,
  smallPlace,
  smallSupports,
  uploadPlace,
  uploadSupports,
} from './places.ts'

const [, , url = '', every = '1'] = process.argv
const server = { database: databasesIn(url) }
const runs = [
  ...casesFor(uploadStoreContract, uploadSupports).runnable.map(({ name, run }) => ({
    name: `uploads: ${name}`,
    run: () => run((clock) => uploadPlace(server, clock)),
  })),
  ...casesFor(blobStoreContract, smallSupports).runnable.map(({ name, run }) => ({
    name: `small blobs: ${name}`,
    run: () => run(() => smallPlace(server)),
  })),
  ...casesFor(metadataStoreContract, metadataSupports).runnable.map(({ name, run }) => ({
    name: `names: ${name}`,
    run: () => run(() => metadataPlace(server)),
  })),
]

let passed = 0
for (const { name, run } of runs.filter((_, index) => index % Number(every) === 0)) {
  try {
    await run()
    passed += 1
  } catch (error) {
    process.stdout.write(`failed: ${name}: ${error}\n`)
  }
}
process.stdout.write(`${passed} passed\n`)
process.exit(0)
