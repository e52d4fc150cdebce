import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import { runtimes } from '../../conformance/servers.mjs'
import { root, textOf } from '../architecture/source-files.ts'
import type { Runtime } from '../cli/program.ts'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { clientOf } from '../promises/client.ts'
import { startReceiver } from '../webhooks/receivers/receiver-server.ts'
import { fluxHmac } from '../webhooks/receivers/receivers.ts'

const secret = 'a-secret-of-some-length'
const home = mkdtempSync(join(tmpdir(), 'layerdock-examples-'))
afterAll(() => rmSync(home, { recursive: true }))

/** The example as a program: it prints its URL, and stops once something is written to it. */
async function programFor(runtime: Runtime): Promise<readonly string[]> {
  const files: Readonly<Record<string, string>> = {
    'layerdock/node': `adapters/${runtime === 'node' ? 'node-fs' : runtime}/index.ts`,
    'layerdock/webhooks': 'src/webhooks/index.ts',
  }
  const ending =
    "process.stdout.write(server.url)\nprocess.stdin.once('data', () => void stop().then(() => process.exit(0)))\n"
  const text = `${textOf('examples/webhooks.ts')}\n${ending}`.replace(
    /from '(layerdock[^']*)'/g,
    (_, name: string) => `from '${join(root, files[name] ?? '')}'`,
  )
  const source = join(home, `webhooks-${runtime}.ts`)
  writeFileSync(source, text)
  const [program = '', ...words] = runtimes[runtime]?.find('current').command ?? []
  if (runtime === 'bun') return [program, ...words, source]
  if (runtime === 'deno') {
    return [program, 'run', '--config', join(root, 'deno.json'), ...words.slice(1), source]
  }
  // Node 20 runs no TypeScript.
  const outfile = join(home, 'webhooks.mjs')
  const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const
  await build({ ...options, entryPoints: [source], outfile, logLevel: 'error' })
  return [program, outfile]
}

interface Example {
  readonly url: string
  stop(): Promise<number | null>
  kill(): Promise<number | null>
}

function start([program = '', ...words]: readonly string[], env: object): Promise<Example> {
  const child = spawn(program, words, { env: { ...process.env, ...env } })
  const ended = new Promise<number | null>((done) => child.once('close', done))
  return new Promise((done, failed) => {
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      done({
        url: text.trim(),
        stop() {
          child.stdin.write('stop')
          return ended
        },
        kill() {
          child.kill('SIGKILL')
          return ended
        },
      })
    })
    void ended.then((code) => failed(new Error(`ended with ${code}: ${said}`)))
  })
}

describeOnRuntimes('examples/webhooks.ts on %s', (runtime) => {
  test('tells of a push, also after it was killed', async () => {
    const receiver = await startReceiver(fluxHmac, secret)
    const command = await programFor(runtime)
    const env = {
      PORT: '0',
      DATA: join(home, `data-${runtime}`),
      HOOK: receiver.url,
      HOOK_SECRET: secret,
    }
    const subjects = (): readonly string[] =>
      receiver.taken.map(({ body }) => JSON.parse(body).subject)
    try {
      const first = await start(command, env)
      await clientOf(first.url).pushImage('team/app', 'v1')
      await clientOf(first.url).pushImage('other/app', 'v1')
      await expect.poll(subjects).toEqual(['team/app:v1'])
      receiver.fail(503)
      await clientOf(first.url).pushImage('team/app', 'v2')
      await first.kill()
      receiver.fail(null)
      const second = await start(command, env)
      await expect.poll(subjects).toEqual(['team/app:v1', 'team/app:v2'])
      expect(await second.stop()).toBe(0)
    } finally {
      receiver.close()
    }
  })
})
