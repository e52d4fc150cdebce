import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readCredentialsFile } from '../../adapters/cli/stores/credentials-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'layerdock-credentials-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(text: string): string {
  const path = join(folder, 'credentials')
  writeFileSync(path, text)
  return path
}

const text = `
# comment
[default]
aws_access_key_id = AK
aws_secret_access_key=S+/=cret
region = eu-1

[profile backup]
AWS_ACCESS_KEY_ID = BK
aws_secret_access_key = B
aws_session_token = T

[broken]
aws_access_key_id = only-this
`

test('the profile that is asked for counts', async () => {
  const path = fileOf(text)
  const keys = { accessKeyId: 'AK', secretAccessKey: 'S+/=cret' }
  expect(await readCredentialsFile(path, 'default')).toEqual(keys)
  const backup = { accessKeyId: 'BK', secretAccessKey: 'B', sessionToken: 'T' }
  expect(await readCredentialsFile(path, 'backup')).toEqual(backup)
})

test('a file of two lines will do', async () => {
  const path = fileOf('aws_access_key_id=A\r\naws_secret_access_key=B\r\n')
  const keys = { accessKeyId: 'A', secretAccessKey: 'B' }
  expect(await readCredentialsFile(path, 'default')).toEqual(keys)
})

test.each([
  ['nobody', 'has no section [nobody]'],
  ['broken', '[broken] needs lines aws_access_key_id'],
])('without keys it says what it lacks: %s', async (profile, message) => {
  const failure = await readCredentialsFile(fileOf(text), profile).catch((error) => error)
  expect(failure.message).toContain(message)
  expect(failure.message).not.toContain('only-this')
})
