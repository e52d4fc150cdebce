import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { textOf } from './documented.ts'
import { servedBy } from './settings.ts'
import { answers, lacks, run } from './tools.ts'

const unit = textOf('deploy/systemd/layerdock.service')
const environment = textOf('deploy/systemd/layerdock.env')
const none = lacks(
  'systemd-analyze',
  answers('systemd-analyze', '--version'),
  'apt-get install systemd',
)

/** The values of a setting of the unit. */
function valuesOf(name: string): readonly string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '')
}

/** The variables of the example, those that are commented out included. */
const variables = Object.fromEntries(
  [...environment.matchAll(/^#?(LAYERDOCK_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
)

test('the program starts with the unit and its example of settings', async () => {
  const [command = ''] = valuesOf('ExecStart')
  const [own = ''] = valuesOf('Environment')
  const [name = '', value = ''] = own.split('=')
  const words = command.split(' ').slice(1)
  const settings = await servedBy(words, { [name]: value, ...variables })
  expect(settings).toMatchObject({
    listen: { host: '127.0.0.1', port: 5000 },
    storageDir: '/var/lib/layerdock',
    htpasswd: '/etc/layerdock/users.htpasswd',
  })
  expect(Number(valuesOf('TimeoutStopSec'))).toBeGreaterThanOrEqual(
    settings.drainDelay + settings.drainSeconds + 10,
  )
})

test.skipIf(none)('systemd accepts the unit and finds it well confined', () => {
  const folder = mkdtempSync(join(tmpdir(), 'layerdock-unit-'))
  try {
    const file = join(folder, 'layerdock.service')
    // The program that the unit starts is not installed here.
    writeFileSync(file, unit.replace('/usr/local/bin/layerdock', process.execPath))
    const { status, out, err } = run('systemd-analyze', ['verify', file])
    expect({ status, said: out + err }).toEqual({ status: 0, said: '' })
    const words = ['security', '--offline=yes', '--threshold=20', '--no-pager', file]
    const scored = run('systemd-analyze', words)
    // Versions of systemd weigh differently.
    const level = /level for layerdock\.service: (1\.\d) OK/.exec(scored.out)?.[1]
    const printed = /layerdock\.service` says (1\.\d)\./.exec(textOf('docs/install.md'))?.[1]
    expect(Number(printed)).toBeCloseTo(Number(level), 0)
    expect(scored.status).toBe(0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const sysusers = lacks('sysusers', answers('systemd-sysusers', '--version'), 'systemd')

test.skipIf(sysusers)('systemd-sysusers makes the user of the unit', () => {
  const root = mkdtempSync(join(tmpdir(), 'layerdock-sysusers-'))
  try {
    mkdirSync(join(root, 'etc'))
    const input = textOf('deploy/systemd/sysusers.conf')
    const { status, err } = run('systemd-sysusers', ['--root', root, '-'], {}, input)
    expect({ status, err }).toMatchObject({ status: 0 })
    expect(err).toContain(`Creating user '${valuesOf('User')[0]}'`)
  } finally {
    rmSync(root, { recursive: true })
  }
})
