import { setPeer } from 'layerdock/kit'
import { image, testRegistry } from 'layerdock/testing'
import { createUi } from 'layerdock/ui'
import { expect, test } from 'vitest'

/** A page whose views of one repository stay under way until they are let go. */
async function heldPage() {
  let letGo = (): void => {}
  const gate = new Promise<void>((resolve) => {
    letGo = resolve
  })
  let underWay = 0
  const registry = testRegistry({
    wrap: (service) => ({
      ...service,
      async findTags(call, repository, search) {
        if (repository === 'team/large') {
          underWay += 1
          await gate
        }
        return service.findTags(call, repository, search)
      },
    }),
  })
  const content = image({ layers: ['one'] })
  await registry.push({ 'team/large:v1': content, 'team/app:v1': content })
  const ui = createUi(registry)
  const view = async (repository: string, address: string): Promise<number> => {
    const request = new Request(`http://r.test/_layerdock/repositories/${repository}`)
    setPeer(request, { address })
    const { status } = await ui.fetch(request)
    return status
  }
  /** Begins to delete a tag, with a body that does not end before `end` is called. */
  const slowDeletion = (address: string) => {
    let end = (): void => {}
    const body = new ReadableStream({
      start(controller) {
        end = () => controller.close()
      },
    })
    const request = new Request('http://r.test/_layerdock/delete/team/app?reference=v1', {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body },
      // Node asks for it, and TypeScript does not know it.
      ...({ duplex: 'half' } as object),
    })
    setPeer(request, { address })
    return { answer: Promise.resolve(ui.fetch(request)), end }
  }
  return { view, letGo, underWay: () => underWay, slowDeletion }
}

test('views that one caller asks for at once are made a few at a time, and those of others meanwhile', async () => {
  const { view, letGo, underWay } = await heldPage()
  const many = Array.from({ length: 20 }, () => view('team/large', '192.0.2.1'))
  expect(await view('team/app', '192.0.2.2')).toBe(200)
  expect(underWay()).toBe(4)
  letGo()
  expect(await Promise.all(many)).toEqual(many.map(() => 200))
})

test('several callers with many views each leave some for one more', async () => {
  const { view, letGo, underWay } = await heldPage()
  const others = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].flatMap((address) =>
    Array.from({ length: 9 }, () => view('team/large', address)),
  )
  expect(await view('team/app', '192.0.2.4')).toBe(200)
  expect(underWay()).toBe(12)
  letGo()
  await Promise.all(others)
})

test('a caller who has too many views waiting is told to come back', async () => {
  const { view, letGo } = await heldPage()
  const many = Array.from({ length: 80 }, () => view('team/large', '192.0.2.1'))
  expect(await view('team/app', '192.0.2.2')).toBe(200)
  letGo()
  const statuses = await Promise.all(many)
  expect(statuses.filter((status) => status === 200)).toHaveLength(68)
  expect(statuses.filter((status) => status === 429)).toHaveLength(12)
})

test('a body that comes slowly keeps no view waiting', async () => {
  const { view, slowDeletion } = await heldPage()
  const slow = Array.from({ length: 8 }, () => slowDeletion('192.0.2.1'))
  expect(await view('team/app', '192.0.2.1')).toBe(200)
  for (const { end } of slow) end()
  for (const { answer } of slow) expect((await answer).status).toBe(400)
})

test('a caller who sends too many bodies at once is told to come back', async () => {
  const { slowDeletion } = await heldPage()
  const slow = Array.from({ length: 16 }, () => slowDeletion('192.0.2.1'))
  expect((await slowDeletion('192.0.2.1').answer).status).toBe(429)
  const other = slowDeletion('192.0.2.2')
  for (const { end } of [...slow, other]) end()
  for (const { answer } of [...slow, other]) expect((await answer).status).toBe(400)
  const later = slowDeletion('192.0.2.1')
  later.end()
  expect((await later.answer).status).toBe(400)
})
