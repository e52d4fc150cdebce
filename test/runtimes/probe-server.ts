// Run as a program of its own: a probe behind the adapter of the runtime that runs it. The first
// argument is options as JSON; with `directory` among them the registry is on disk.
import { serverHere } from './server-here.ts'
import { watchedProbe } from './watched-probe.ts'

const { directory, ...options } = JSON.parse(process.argv[2] ?? '{}')
const { fetcher, observe } = await watchedProbe(directory)
const serve = await serverHere()
const { url } = await serve(fetcher, { port: 0, observe, ...options })
process.stdout.write(`${url}\n`)
