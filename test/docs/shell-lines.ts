import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A command of ours that a script called. */
export interface Called {
  /** What follows `layerdock`. */
  readonly words: readonly string[]
  /** The variables for it that the script had set. */
  readonly environment: Readonly<Record<string, string>>
}

/** Where bash is, since the script gets a PATH of its own. */
export const bash: string | null =
  spawnSync('bash', ['-c', 'echo $BASH'], { encoding: 'utf8' }).stdout?.trim() || null

/** Notes how it was called, and does nothing. */
const layerdock = `#!/bin/sh
{
  for word; do printf 'word %s\\0' "$word"; done
  [ -z "$LAYERDOCK_DATABASE" ] || printf 'LAYERDOCK_DATABASE %s\\0' "$LAYERDOCK_DATABASE"
  [ -z "$LAYERDOCK_BUCKET" ] || printf 'LAYERDOCK_BUCKET %s\\0' "$LAYERDOCK_BUCKET"
  printf 'end \\0'
} >> "$CALLS"
`

/** `npm start -- …` and `npx layerdock …` are ours; other scripts of npm are noted by their names. */
const npm = `#!/bin/sh
[ "$1" = start ] && { shift; [ "$1" != -- ] || shift; layerdock serve "$@"; exit; }
[ "$1" = run ] && printf '%s\\n' "$2" >> "$SCRIPTS"
exit 0
`
const npx = `#!/bin/sh
[ "$1" != layerdock ] || { shift; layerdock "$@"; }
`

/** Runs a script in which every other command does nothing; what it called of ours, and the scripts of npm. */
export function calledBy(script: string): {
  readonly calls: readonly Called[]
  readonly scripts: readonly string[]
} {
  const folder = mkdtempSync(join(tmpdir(), 'layerdock-shell-'))
  try {
    for (const [name, text] of Object.entries({ layerdock, npm, npx })) {
      writeFileSync(join(folder, name), text)
      chmodSync(join(folder, name), 0o755)
    }
    for (const name of ['calls', 'scripts']) writeFileSync(join(folder, name), '')
    const others =
      'command_not_found_handle() { [ "$1" != ssh ] || { shift 2; "$@"; }; [ "$1" != jq ] || echo one; return 0; }\n'
    execFileSync(bash ?? 'bash', ['-c', others + script], {
      cwd: folder,
      env: { PATH: folder, CALLS: join(folder, 'calls'), SCRIPTS: join(folder, 'scripts') },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    return {
      calls: parseCalls(readFileSync(join(folder, 'calls'), 'utf8')),
      scripts: readFileSync(join(folder, 'scripts'), 'utf8').split('\n').filter(Boolean),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function parseCalls(noted: string): readonly Called[] {
  return noted
    .split('end \0')
    .slice(0, -1)
    .map((call) => {
      const fields = call.split('\0').slice(0, -1)
      const pairs = fields.map((field) => {
        const space = field.indexOf(' ')
        return [field.slice(0, space), field.slice(space + 1)] as const
      })
      return {
        words: pairs.filter(([kind]) => kind === 'word').map(([, word]) => word),
        environment: Object.fromEntries(pairs.filter(([kind]) => kind !== 'word')),
      }
    })
}
