import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRegistry, type RegistryEvent } from 'layerdock'
import { expect, test } from 'vitest'
import { clientOf, imageManifest } from '../http/client.ts'

const { deployOnPush, registry } = await import('../../examples/deploy-on-push.ts')

/** Deployments that end when the test says so. */
function deployments() {
  const started: string[] = []
  const ends: Array<(error?: Error) => void> = []
  let heard = (): void => {}
  return {
    started,
    /** Ends the deployment under way. */
    end: (error?: Error): void => ends.shift()?.(error),
    /** Resolves once another has started. */
    next: (): Promise<void> =>
      new Promise((resolve) => {
        heard = resolve
      }),
    deploy(image: string): Promise<void> {
      started.push(image)
      heard()
      return new Promise((resolve, reject) => {
        ends.push((error) => (error === undefined ? resolve() : reject(error)))
      })
    },
  }
}

test('examples/deploy-on-push.ts: a push moves the tag, and a hook hears of the image', async () => {
  const heard: string[] = []
  const hook = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    heard.push(body)
    response.end()
    hook.emit('heard')
  }).listen(0, '127.0.0.1')
  await once(hook, 'listening')
  process.env.DEPLOY_HOOK = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`
  try {
    const client = clientOf(registry)
    await client.pushImage('team/app', 'latest')
    const called = once(hook, 'heard')
    const { digest } = await client.pushImage('team/app', 'production')
    await called
    expect(heard).toEqual([`team/app@${digest}`])
  } finally {
    delete process.env.DEPLOY_HOOK
    hook.close()
  }
})

test('while one is deployed, only the newest waits', async () => {
  const { started, end, next, deploy } = deployments()
  const done: Array<Promise<void>> = []
  const onPush = deployOnPush('production', deploy)
  const { fetch } = createRegistry({
    onEvent(event: RegistryEvent) {
      done.push(onPush(event))
    },
  })
  const client = clientOf({ fetch })
  const push = async (number: number, tag = 'production'): Promise<string> => {
    await client.pushBlob('app', '{}')
    await client.pushBlob('app', `layer ${number}`)
    const digest = await client.pushManifest('app', tag, imageManifest(`layer ${number}`))
    return `app@${digest}`
  }
  const first = await push(1)
  await push(2)
  await push(2, 'latest')
  const third = await push(3)
  expect(started).toEqual([first])
  const deployed = next()
  end(new Error('no room'))
  await deployed
  expect(started).toEqual([first, third])
  end()
  await Promise.all(done)
  expect(started).toEqual([first, third])
})

test('a deployment that fails is a notice, and the push is done', async () => {
  const notices: unknown[] = []
  const { fetch } = createRegistry({
    onEvent: deployOnPush('production', () => Promise.reject(new Error('no room'))),
    onNotice: (notice) => notices.push(notice),
  })
  const client = clientOf({ fetch })
  const { digest } = await client.pushImage('app', 'production')
  const head = await client.send('HEAD', '/v2/app/manifests/production')
  expect(head.headers.get('docker-content-digest')).toBe(digest)
  await expect
    .poll(() => notices)
    .toMatchObject([
      { kind: 'callback-failure', callback: 'onEvent', error: { message: /no room/ } },
    ])
})
