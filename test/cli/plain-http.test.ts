import { expect, test } from 'vitest'
import { dial, readAll } from '../node-fs/loopback.ts'
import { certificateName, hasOpenssl, makeCertificate } from './certificates.ts'
import { useProgram } from './harness.ts'

const cli = useProgram()

// Bun and Deno hang up, and let no program say more.
test.skipIf(!hasOpenssl)('HTTP spoken to a port of HTTPS is told so', async () => {
  const { cert, key } = makeCertificate(cli.folder(), 'localhost')
  const started = await cli.serve('--memory', '--tls-cert', cert, '--tls-key', key)
  const socket = await dial(started.port)
  socket.write('GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n')
  const answer = await readAll(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(answer).toContain('this port speaks HTTPS: use a URL with https://')
  expect(await certificateName(started.port)).toBe('localhost')
})
