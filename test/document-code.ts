import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The blocks of TypeScript in a document, in order. */
export function codeBlocks(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '')
}

/** A folder in which the code of a document runs, with the packages of this repository. */
export interface CodeFolder {
  /** Runs a block, with free ports and folders of its own below this one; what it made, by name. */
  run<T>(code: string): Promise<T>
  /** Checks the types of blocks as they stand. @throws Error with the compiler's words. */
  check(blocks: readonly string[]): Promise<void>
  /** Puts a file into the folder, beside the blocks. */
  write(name: string, text: string): void
  remove(): Promise<void>
}

export async function makeCodeFolder(): Promise<CodeFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'layerdock-documents-'))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  let count = 0
  return {
    async run<T>(code: string) {
      count += 1
      const data = join(folder, `data-${count}`)
      const path = join(folder, `block-${count}.ts`)
      await writeFile(path, runnable(code, data, folder))
      return (await import(path)) as T
    },
    async check(blocks) {
      const names = blocks.map((_, index) => `typed-${index}.ts`)
      for (const [index, code] of blocks.entries()) {
        await writeFile(join(folder, names[index] ?? ''), code)
      }
      const config = { ...typeSettings, files: names }
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
      await writeFile(join(folder, 'package.json'), '{"type":"module"}')
      const compiler = join(root, 'node_modules/typescript/bin/tsc')
      await promisify(execFile)(process.execPath, [compiler, '-p', folder]).catch(
        ({ stdout }: { readonly stdout: string }) => {
          throw new Error(stdout)
        },
      )
    },
    write: (name, text) => writeFileSync(join(folder, name), text),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

const typeSettings = {
  extends: join(root, 'tsconfig.json'),
  // Without what an application need not say.
  compilerOptions: {
    isolatedDeclarations: false,
    declaration: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    typeRoots: [join(root, 'node_modules/@types')],
  },
  include: [],
}

/** Everything at the top of the block exported, so that a test can look at it and end it. */
function runnable(code: string, data: string, folder: string): string {
  return code
    .replace(/\bport: \d+/g, 'port: 0')
    .replace(/directory: '[^']*'/g, `directory: ${JSON.stringify(data)}`)
    .replace(/readFile\('/g, `readFile('${folder}/`)
    .replace(/^console\.log\((.*)\)$/m, 'export const said = $1')
    .replace(/^serve\(/m, 'export const server = serve(')
    .replace(/^(?=const |function )/gm, 'export ')
}
