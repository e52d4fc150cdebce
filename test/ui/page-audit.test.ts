import { expect, test } from 'vitest'
import { type AuditRecord, auditRecord } from '../../src/access/index.ts'
import { image } from '../../src/testing/index.ts'
import { browserOf } from './browser-client.ts'
import { basic, privatePage } from './private-page.ts'

test('the audit says who did what at the page', async () => {
  const records: AuditRecord[] = []
  const { ui, registry } = privatePage({
    registry: {
      observe(report) {
        const record = auditRecord(report, 0)
        if (record !== null) records.push(record)
      },
    },
  })
  await registry.push({ 'team/app:v1': image(), 'team/app:v2': image() })
  const browser = browserOf(ui)
  await browser.logIn('admin', 'wrong')
  await browser.logIn('admin', 'right')
  const paths = ['/', '/_layerdock/repositories/team/app', '/_layerdock/delete/team/app:v1']
  for (const path of paths) await browser.get(path)
  const asked = await browser.get('/_layerdock/delete/team/app?reference=v1&reference=v2', {
    accept: 'application/json',
  })
  const { seen } = (await asked.json()) as { seen: string }
  const csrf = await browser.csrf()
  await browser.post('/_layerdock/delete/team/app?reference=v1&reference=v2', [
    ['csrf', csrf],
    ['seen', seen],
  ])
  const trash = await browser.get('/_layerdock/trash', { accept: 'application/json' })
  const { entries } = (await trash.json()) as { entries: readonly { readonly id: string }[] }
  await browser.post('/_layerdock/restore', [
    ['csrf', csrf],
    ['repository', 'team/app'],
    ['id', entries[0]?.id ?? ''],
  ])
  await browserOf(ui).get('/_layerdock/repositories/team/app')
  await browserOf(ui).get('/_layerdock/repositories/team/app', basic('admin', 'wrong'))
  await browserOf(ui).post('/_layerdock/delete/team/app:v2', [], basic('reader'))
  const told = records.map(({ action, principal, repository, tags, outcome, login, rule }) =>
    [action, principal, repository, tags.join(), outcome, login, rule].map(String).join(' | '),
  )
  expect(told).toEqual([
    'login | null | null |  | refused | null | wrong credentials',
    'login | admin | null |  | allowed | htpasswd | null',
    'catalog | admin | null |  | allowed | htpasswd | null',
    'list | admin | team/app |  | allowed | htpasswd | null',
    // The page that has the token of the session.
    'catalog | admin | null |  | allowed | htpasswd | null',
    'delete | admin | team/app | v1,v2 | allowed | htpasswd | rules[0]',
    'list | admin | null |  | allowed | htpasswd | null',
    'restore | admin | team/app | v1 | allowed | htpasswd | rules[0]',
    'list | null | team/app |  | refused | null | no credentials',
    'list | null | team/app |  | refused | null | wrong credentials',
    'delete | reader | team/app | v2 | refused | htpasswd | no rule',
  ])
  expect(JSON.stringify(records)).not.toMatch(/right|csrf|seen/)
})
