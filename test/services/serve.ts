// Starts PostgreSQL and SeaweedFS for a program that runs on Node, says where the bucket is, and does what each line
// of its input asks for. The end of the input ends both.
import { createInterface } from 'node:readline'
import { seaweedfs } from './object-storage.ts'
import { postgres } from './postgres.ts'

const missing = [postgres, seaweedfs].flatMap((service) => service.missing() ?? [])
if (missing.length > 0) {
  process.stderr.write(`${missing.join('; ')}\n`)
  process.exit(3)
}

const [database, storage] = await Promise.all([postgres.start(), seaweedfs.start()])
const { endpoint, region, accessKeyId, secretAccessKey } = storage
const bucket = await storage.bucket()

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

answer({ endpoint, region, bucket, accessKeyId, secretAccessKey })
for await (const line of createInterface({ input: process.stdin })) {
  switch (line) {
    case 'fresh':
      answer({ database: await database.database(), prefix: storage.prefix() })
      break
    case 'restart':
      // A fast shutdown: it cuts every connection, as an operator's restart does.
      await database.halt('SIGINT')
      await database.resume()
      answer('restarted')
      break
    default:
      throw new Error(`${line}: unknown`)
  }
}
await Promise.all([database.stop(), storage.stop()])
process.exit(0)
