import { cpus, release, totalmem } from 'node:os'

/** The machine, in the words that stand above a table. */
export function describeMachine() {
  const cores = cpus()
  const memory = Math.round(totalmem() / 1024 ** 3)
  return `${cores.length} × ${cores[0]?.model.trim()}, ${memory} GiB, ${process.platform} ${release()}, Node ${process.version}`
}
