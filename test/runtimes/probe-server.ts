// Run as a program of its own: a probe behind the adapter of the runtime that runs it. The first
// argument is options as JSON; with `directory` among them the registry is on disk.
import { openRegistry } from '../../adapters/disk/open-registry.ts'
import { createRegistry } from '../../src/index.ts'
import { probe } from './probe.ts'
import { serverHere } from './server-here.ts'

const { directory, ...options } = JSON.parse(process.argv[2] ?? '{}')
const registry = directory === undefined ? createRegistry() : await openRegistry({ directory })
const serve = await serverHere()
const { url } = await serve(probe(registry), { port: 0, ...options })
process.stdout.write(`${url}\n`)
