// Run by Bun and Deno, and by vitest on Node: an admin endpoint with operations that take as long as their caller stays.
import * as v from 'valibot'
import { type AdminEndpoint, openAdminEndpoint } from '../../../adapters/cli/admin/endpoint.ts'
import type { Operation } from '../../../adapters/cli/admin/operation.ts'
import { readSettings } from '../../../adapters/cli/read-settings.ts'
import { createRegistry } from '../../../src/index.ts'
import { memoryStores } from '../../../src/kit.ts'

/** What {@link wait} and {@link pour} print. */
export type Say = (line: string) => void

const common = {
  help: '',
  input: v.null(),
  inputOf: () => null,
  text: () => '',
}

/** Waits until it is told to end. */
function wait(say: Say): Operation {
  let count = 0
  return {
    ...common,
    name: 'wait',
    changes: () => true,
    async run(_, { signal, tell }) {
      tell({ far: 1 })
      count += 1
      say(`waits: ${count}`)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      say('was told to end')
      signal.throwIfAborted()
      return null
    },
  }
}

/** How many bytes {@link pour} writes: bytes that count up, modulo 251. */
export const poured: number = 3_000_000

const pour: Operation = {
  ...common,
  name: 'pour',
  changes: () => false,
  async run(_, { write }) {
    for (let at = 0; at < poured; at += 100_000) {
      await write(Uint8Array.from({ length: 100_000 }, (_, index) => (at + index) % 251))
    }
    return 'poured'
  },
}

/** Opens the endpoint, whose address is then in the file. */
export async function openPatient(adminFile: string, say: Say): Promise<AdminEndpoint | null> {
  const flags = { settings: [], switches: [] }
  const { settings } = await readSettings({ words: [], flags, environment: {} })
  const nothing = (): void => {}
  const log = { debug: nothing, info: nothing, warn: say, error: say, fatal: say, level: 'warn' }
  const stores = memoryStores()
  return await openAdminEndpoint({
    settings: { ...settings, memory: true, adminFile },
    opened: {
      registry: createRegistry({ stores }),
      stores,
      note: () => ({ read: async () => null, replace: async () => true }),
      kept: { fields: {}, text: '' },
      look: () => Promise.reject(new Error('is not asked')),
      close: async () => {},
    },
    log: { ...log, isLevelEnabled: () => true },
    onNotice: nothing,
    operations: new Map(
      [wait(say), pour].map((operation) => [
        operation.name,
        { about: '', load: async () => operation },
      ]),
    ),
  })
}

const [, , file] = process.argv
if ('Bun' in globalThis || 'Deno' in globalThis) {
  const endpoint = await openPatient(file ?? '', (line) => process.stdout.write(`${line}\n`))
  process.stdout.write('is open\n')
  process.stdin.once('data', () => void endpoint?.close().then(() => process.exit(0)))
}
