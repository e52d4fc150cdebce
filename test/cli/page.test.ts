import { expect, test } from 'vitest'
import { describeEverywhere, useProgram } from './harness.ts'

const browser = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

async function typeOf(url: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(url, { headers })
  await answer.body?.cancel()
  return `${answer.status} ${answer.headers.get('content-type')}`
}

describeEverywhere('the page of a server on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('is for browsers at /, beside plain text for others, and data for programs', async () => {
    const { url } = await cli.serve('--memory', '--page-title', 'Our <registry>')
    expect(await typeOf(url, browser)).toBe('200 text/html; charset=utf-8')
    expect(await typeOf(url)).toBe('200 text/plain; charset=utf-8')
    expect(await typeOf(url, { Accept: 'application/json' })).toContain('200 application/json')
    expect(await typeOf(`${url}/live`, browser)).toContain('200 application/json')
    expect(await typeOf(`${url}/healthz`, browser)).toContain('200 application/json')
    expect(await typeOf(`${url}/v2/`, browser)).toContain('200 application/json')
    const text = await (await fetch(url, { headers: browser })).text()
    expect(text).toContain('Our &lt;registry&gt;')
  })

  test('is not there without it', async () => {
    const { url } = await cli.serve('--memory', '--no-page')
    expect(await typeOf(url, browser)).toBe('200 text/plain; charset=utf-8')
    expect(await typeOf(`${url}/_layerdock/`, browser)).toContain('404 application/json')
  })
})
