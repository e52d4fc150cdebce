// Holds a store's lock as another process does, until it is killed. Says so on its standard output.

import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { createServer } from 'node:net'

const [kind, directory] = process.argv.slice(2)

if (kind === 'flock') {
  const fd = openSync(`${directory}/lock`, 'a+')
  const flock = spawn('flock', ['-xn', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  flock.on('close', (code) => process.stdout.write(code === 0 ? 'held\n' : 'refused\n'))
} else {
  const path = `${directory}/lock.${crypto.randomUUID()}`
  createServer((socket) => socket.destroy()).listen(`${path}.new`, async () => {
    await rename(`${path}.new`, path)
    process.stdout.write('held\n')
  })
}
setInterval(() => {}, 60_000)
