import { writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { tar } from './bytes.mjs'
import { loginSteps } from './login.mjs'
import { contains, fails, fileDigest, same, versionOf } from './runner.mjs'

export const name = 'helm'

/** @returns {string | null} */
export function find() {
  return versionOf(['helm', 'version', '--short'])
}

/**
 * A chart as `helm package` would make it.
 * @param {string} path
 * @param {string} version
 */
async function writeChart(path, version) {
  const texts = {
    'dock/Chart.yaml': `apiVersion: v2\nname: dock\nversion: ${version}\ndescription: A chart\n`,
    'dock/values.yaml': 'greeting: hello\n',
    'dock/templates/map.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: dock\ndata:\n  said: {{ .Values.greeting }}\n',
  }
  const files = Object.entries(texts).map(([name, text]) => {
    const content = Buffer.from(text)
    return { path: name, size: content.length, content: [content] }
  })
  await writeFile(path, gzipSync(Buffer.concat([...tar(files)])))
}

/**
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<import('./runner.mjs').Step[]>}
 */
export async function steps(context) {
  const helm = (/** @type {string[]} */ ...args) => context.run('helm', args)
  const charts = `oci://${context.host}/${context.repo('charts')}`
  const one = context.path('dock-1.0.0.tgz')
  await writeChart(one, '1.0.0')
  await writeChart(context.path('dock-1.1.0+build.1.tgz'), '1.1.0+build.1')
  return [
    ...loginSteps(context, {
      login: (user, password) =>
        context.run(
          'helm',
          ['registry', 'login', '--plain-http', '-u', user, '--password-stdin', context.host],
          {
            input: password,
          },
        ),
      push: (ref) => helm('push', one, `oci://${ref.replace(/:[^:/]*$/, '')}`, '--plain-http'),
    }),
    {
      title: 'push a chart and pull it back',
      run: async () => {
        await helm('push', one, charts, '--plain-http')
        await context.wire.checkImage(context.repo('charts/dock'), '1.0.0')
        const out = await context.folder('out')
        await helm('pull', `${charts}/dock`, '--version', '1.0.0', '--plain-http', '-d', out)
        same(await fileDigest(`${out}/dock-1.0.0.tgz`), await fileDigest(one), 'the chart')
      },
    },
    {
      title: 'push a version with a plus, pull the newest by a range',
      run: async () => {
        await helm('push', context.path('dock-1.1.0+build.1.tgz'), charts, '--plain-http')
        const chart = await helm(
          'show',
          'chart',
          `${charts}/dock`,
          '--version',
          '^1.0',
          '--plain-http',
        )
        contains(chart, '1.1.0+build.1')
      },
    },
    {
      title: 'template from the registry',
      run: async () => {
        const args = ['--version', '1.0.0', '--plain-http', '--set', 'greeting=ahoy']
        contains(await helm('template', 'dock', `${charts}/dock`, ...args), 'said: ahoy')
      },
    },
    {
      title: 'a chart that is not there is refused',
      run: () =>
        fails(
          () => helm('pull', `${charts}/dock`, '--version', '9.9.9', '--plain-http'),
          'it was found',
        ),
    },
  ]
}
