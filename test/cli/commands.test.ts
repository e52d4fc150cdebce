import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { useProgram } from './harness.ts'

const cli = useProgram()

describe('the program', () => {
  test('says its version and what it can do', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    for (const word of ['--version', '-v', 'version']) {
      expect(await cli.run(word)).toEqual({ code: 0, out: `${version}\n`, err: '' })
    }
    expect(await cli.run('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('layerdock serve'),
    })
    expect(await cli.run('serve', '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--storage-dir DIR'),
    })
    for (const words of [
      ['recover', '-h'],
      ['recover', '--help'],
      ['help', 'recover'],
    ]) {
      const { code, out } = await cli.run(...words)
      expect(code).toBe(0)
      expect(out).toContain('Stop the server first')
      expect(out).toContain('npx layerdock recover --storage-dir ./layerdock-data')
      expect(out).toContain('--start-empty')
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    }
  })

  test('names the nearest command and flag, with the exit code for usage', async () => {
    expect(await cli.run('serv')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean layerdock serve?'),
    })
    expect(await cli.run()).toMatchObject({
      code: 2,
      err: expect.stringContaining('which command? serve, recover'),
    })
    expect(await cli.run('serve', '--memry')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean --memory?'),
    })
    expect(await cli.run('recover', '--memory')).toMatchObject({
      code: 2,
      err: 'layerdock: --memory: no such flag of this command; it is one of layerdock serve\n',
    })
    expect(await cli.run('--port', '5001')).toMatchObject({
      code: 2,
      err: 'layerdock: --port: a command comes first: layerdock serve --port\n',
    })
    expect(await cli.run('migrate')).toEqual({
      code: 2,
      out: '',
      err: 'layerdock: migrate: no such command; layerdock --help says which there are\n',
    })
  })

  test('tells a wrong configuration file by exit code 78', async () => {
    const path = join(cli.folder(), 'layerdock.json')
    writeFileSync(path, '{"storagDir": "x"}')
    const { code, err } = await cli.run('serve', '--config', path)
    expect(code).toBe(78)
    expect(err).toContain('did you mean "storageDir"?')
  })
})
