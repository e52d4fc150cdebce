import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { afterEach, expect, test } from 'vitest'
import { readAdminFile } from '../../../adapters/cli/admin/admin-file.ts'
import { askServer, type Hearing } from '../../../adapters/cli/admin/ask-server.ts'
import type { Operation } from '../../../adapters/cli/admin/operation.ts'
import { describeOnRuntimes } from '../../on-runtimes.ts'
import { programFor, type Runtime, start } from '../program.ts'
import { openPatient, poured } from './patient-server.ts'

const script = fileURLToPath(new URL('patient-server.ts', import.meta.url))

/** A server that prints what its operations do. */
interface Patient {
  readonly file: string
  says(line: string): Promise<void>
  close(): Promise<void>
}

const ends: Array<() => void> = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

async function patientOn(runtime: Runtime): Promise<Patient> {
  const folder = mkdtempSync(join(tmpdir(), 'layerdock-admin-'))
  const file = join(folder, 'admin.json')
  ends.push(() => rmSync(folder, { recursive: true }))
  if (runtime === 'node') {
    const lines: string[] = []
    const endpoint = await openPatient(file, (line) => lines.push(line))
    return {
      file,
      says: (line) => expect.poll(() => lines).toContain(line),
      close: async () => await endpoint?.close(),
    }
  }
  const program = await programFor(runtime)
  const running = start({ ...program, command: [...program.command.slice(0, -1), script] }, file)
  ends.push(() => running.child.kill('SIGKILL'))
  const says = (line: string): Promise<void> => expect.poll(running.out).toContain(line)
  await says('is open')
  return {
    file,
    says,
    async close() {
      running.child.stdin?.write('close')
      await running.ended
    },
  }
}

function operation(name: string): Operation {
  return {
    name,
    help: '',
    input: v.null(),
    inputOf: () => null,
    changes: () => true,
    run: async () => null,
    text: () => '',
  }
}

async function ask(
  { file }: Patient,
  name: string,
  hearing: Partial<Hearing> = {},
): Promise<unknown> {
  const address = await readAdminFile(file)
  if (address === null) throw new Error('there is no server')
  const { signal } = new AbortController()
  const heard = { tell: () => {}, write: async () => {}, signal, ...hearing }
  return (await askServer(address, operation(name), null, heard))?.result
}

describeOnRuntimes('a caller on %s', (runtime) => {
  test('ends an operation by going away, and keeps others of its kind out until then', async () => {
    const patient = await patientOn(runtime)
    const controller = new AbortController()
    const heard: unknown[] = []
    const asked = ask(patient, 'wait', {
      signal: controller.signal,
      tell: (progress) => heard.push(progress),
    })
    await patient.says('waits: 1')
    await expect.poll(() => heard).toEqual([{ far: 1 }])
    await expect(ask(patient, 'wait')).rejects.toThrow('another wait is under way')
    const left = new Error('left')
    controller.abort(left)
    await expect(asked).rejects.toBe(left)
    await patient.says('was told to end')
    const again = ask(patient, 'wait')
    const failed = expect(again).rejects.toThrow('the server is stopping')
    await patient.says('waits: 2')
    await patient.close()
    await failed
    expect(existsSync(patient.file)).toBe(false)
  })

  test('gets all bytes, in order', async () => {
    const patient = await patientOn(runtime)
    let at = 0
    const write = async (bytes: Uint8Array): Promise<void> => {
      for (const byte of bytes) if (byte !== at++ % 251) throw new Error(`wrong at ${at}`)
    }
    expect(await ask(patient, 'pour', { write })).toBe('poured')
    expect(at).toBe(poured)
    await patient.close()
  })
})
