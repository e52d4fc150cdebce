// Starts PostgreSQL, says where it is, and does nothing until it is killed.
import { postgres } from './postgres.ts'

const { pid, folder } = await postgres.start()
process.stdout.write(`${JSON.stringify({ pid, folder })}\n`)
setInterval(() => {}, 1000)
