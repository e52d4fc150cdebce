// A registry for access.mjs, on whatever runtime runs it: with users, API tokens and short-lived tokens, or open.

import { parseArgs } from 'node:util'
import { hashSync } from 'bcryptjs'
import { createPasswordWorker } from '../adapters/cli/password-worker.ts'
import { formatApiTokens } from '../src/access/api-token-list.ts'
import {
  apiTokenList,
  apiTokens,
  createApiToken,
  htpasswd,
  queuePasswords,
  registryAccess,
  signedInMayAll,
  tokenService,
  type VerifyPassword,
} from '../src/access/index.ts'
import type { Access } from '../src/index.ts'

const { values } = parseArgs({
  options: {
    adapter: { type: 'string', default: 'node' },
    dir: { type: 'string', default: '' },
    open: { type: 'boolean', default: false },
    /** Checks passwords in the thread that serves. */
    inline: { type: 'boolean', default: false },
  },
})

const password = 'a password'
const { text, token } = createApiToken({ name: 'b', owner: 'bench', expires: null, grants: null })
const { openRegistry, serve } = await adapter()
const registry = await openRegistry({
  directory: values.dir,
  ...(values.open ? {} : { access: access() }),
})
const serving = await serve(registry, { port: 0 })
const says = { port: serving.port, user: 'bench', password, token: text }
process.stdout.write(`${JSON.stringify(says)}\n`)
process.once('SIGTERM', async () => {
  await serving.close(0)
  await registry.close()
  process.exit(0)
})

function access(): Access {
  const verify: VerifyPassword = queuePasswords(createPasswordWorker(() => {}).verify)
  const users = htpasswd(`bench:${hashSync(password, 10)}`, values.inline ? {} : { verify })
  return registryAccess({
    logins: [apiTokens(apiTokenList(formatApiTokens([token]))), users],
    policy: signedInMayAll(),
    tokens: tokenService({ service: 'bench' }),
  })
}

/** Three times the same two functions, each for its own runtime. */
async function adapter(): Promise<typeof import('../adapters/node-fs/index.ts')> {
  if (values.adapter === 'bun') {
    return (await import('../adapters/bun/index.ts')) as unknown as Promise<
      typeof import('../adapters/node-fs/index.ts')
    >
  }
  if (values.adapter === 'deno') {
    return (await import('../adapters/deno/index.ts')) as unknown as Promise<
      typeof import('../adapters/node-fs/index.ts')
    >
  }
  return import('../adapters/node-fs/index.ts')
}
