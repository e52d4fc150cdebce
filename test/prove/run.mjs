// `npm run prove`.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { bundled } from './bundle.mjs'

const program = await bundled('main.ts')
const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
rmSync(program, { force: true })
process.exitCode = status ?? 1
