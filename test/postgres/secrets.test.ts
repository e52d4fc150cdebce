import { expect, test } from 'vitest'
import { type KeyStore, signingKeys } from '../../src/access/index.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { databasePlace } from './places.ts'

withServices('what nodes share in PostgreSQL', { postgres }, (running) => {
  test('a secret is made once, by whichever node asks first', async () => {
    const place = databasePlace(running.postgres, Date.now)
    const nodes = await Promise.all([place.open(), place.open(), place.open()])
    const secrets = await Promise.all(
      Array.from({ length: 12 }, (_, index) => nodes[index % 3]?.secret('cursors')),
    )
    expect(new Set(secrets.map(String)).size).toBe(1)
    expect(secrets[0]).toHaveLength(32)
    expect(await nodes[0]?.secret('another')).not.toEqual(secrets[0])
    expect(await nodes[0]?.keyStore('cursors').read()).toBeNull()
    for (const node of nodes) await node.close()
  })

  test('of nodes that replace a text at once, one does', async () => {
    const place = databasePlace(running.postgres, Date.now)
    const nodes = await Promise.all([place.open(), place.open()])
    const texts = nodes.map((node) => node.keyStore('tokens'))
    let before: string | null = null
    for (let round = 0; round < 5; round += 1) {
      const offers = Array.from({ length: 6 }, (_, index) => `offer ${round} ${index} ü`)
      const answers = await Promise.all(
        offers.map((offer, index) => texts[index % 2]?.replace(before, offer)),
      )
      const taken = offers.filter((_, index) => answers[index])
      expect(taken).toHaveLength(1)
      before = taken[0] ?? null
      expect([await texts[0]?.read(), await texts[1]?.read()]).toEqual([before, before])
      expect(await texts[0]?.replace('something else', 'never')).toBe(false)
      expect(await texts[0]?.replace('something else', String(before))).toBe(true)
    }
    for (const node of nodes) await node.close()
  })

  test('nodes sign tokens with one key', async () => {
    const place = databasePlace(running.postgres, Date.now)
    const nodes = await Promise.all([place.open(), place.open()])
    const keys = nodes.map((node) => {
      const store: KeyStore = node.keyStore('tokens')
      return signingKeys({ store })
    })
    const [one, two] = await Promise.all(keys.map((each) => each.current()))
    expect(one?.kid).toBe(two?.kid)
    for (const node of nodes) await node.close()
  })
})
