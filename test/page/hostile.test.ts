import { expect, test } from 'vitest'
import { useProgram } from '../cli/harness.ts'
import { sampleOf, timesOf } from '../sample.ts'
import { chromium } from '../services/chromium.ts'
import { withServices } from '../services/with-services.ts'
import { openPage, sidewaysOverflow } from './harness.ts'
import { longName, longTag, pushHostile } from './hostile-content.ts'
import { markupFaults, walk } from './walk.ts'

withServices('what was pushed to break the page', { chromium }, (running) => {
  const cli = useProgram()

  test('is shown and does nothing, on a narrow screen too', async () => {
    const { url: origin } = await cli.serve('--memory', '--allow-sparse', '--trash-time', '1h')
    await pushHostile((method, path, sending) =>
      fetch(`${origin}${path}`, { method, ...(sending as RequestInit) }),
    )
    const viewport = { width: 320, height: 640 }
    const watched = await openPage(running.chromium, origin, { viewport })
    const { page, faults, close } = watched
    const look = async (path: string): Promise<void> => {
      expect([path, await markupFaults(page)]).toEqual([path, []])
      expect([path, await sidewaysOverflow(page)]).toEqual([path, []])
      expect([path, page.url()]).toEqual([path, `${origin}${path}`])
      expect([path, faults]).toEqual([path, []])
    }
    try {
      for (const path of sampleOf('views', paths, 3)) {
        await page.goto(`${origin}${path}`)
        await look(path)
      }
      await walk(page, { origin, most: timesOf('views', 60, 5) }, look)
    } finally {
      await close()
    }
  })
})

const image = '/_layerdock/repositories/hostile/image'
const facts = '/_layerdock/repositories/hostile/facts'
const large = '/_layerdock/repositories/hostile/large'

/** Views that show the most of it. */
const paths: readonly string[] = [
  '/',
  image,
  `${image}?tab=about`,
  `${image}:t0`,
  `${image}:t14?view=raw`,
  `${image}:t17`,
  `${image}:t22`,
  `${image}:broken-no-utf8`,
  `${image}:broken-deep`,
  `${image}:broken-large`,
  `${image}:broken-proto`,
  `${image}:no-config`,
  `${image}:platforms`,
  '/_layerdock/compare/hostile/image?from=t0&to=t22',
  '/_layerdock/delete/hostile/image:t0',
  `${facts}:c0`,
  `${facts}:c15`,
  `${facts}:c0?view=referrers`,
  `${facts}:c2?view=referrers`,
  `${large}:annotation`,
  `${large}:annotation?view=raw`,
  `${large}:layers`,
  `${large}:index`,
  '/_layerdock/compare/hostile/large?from=layers&to=annotation',
  `/_layerdock/repositories/${longName}`,
  `/_layerdock/repositories/${longName}:${longTag}`,
  `/_layerdock/repositories/${longName}:__proto__`,
  `/_layerdock/delete/${longName}:${longTag}`,
  '/?q=%3Cscript%3Ealert(1)%3C/script%3E',
  `${image}?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E`,
  `/_layerdock/login?next=javascript:alert(1)`,
]
