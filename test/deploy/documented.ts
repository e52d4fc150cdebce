import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { done } from './tools.ts'

/** The folder of the project, with a slash at its end. */
export const project: string = fileURLToPath(new URL('../..', import.meta.url))

/** A file of the project. */
export function textOf(path: string): string {
  return readFileSync(`${project}${path}`, 'utf8')
}

/** The commands of the `sh` blocks of a document, each in one line. */
export function commandsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block = '']) => block.replace(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** The words of a command without quotes, substitutions or pipes. */
export function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  )
}

const bun = `${project}node_modules/.bin/bun`
const parse = 'process.stdout.write(JSON.stringify(Bun.YAML.parse(await Bun.stdin.text())))'

/** The documents of a text in YAML that are not empty. */
export function documentsOf<Value>(text: string): readonly Value[] {
  const parsed = JSON.parse(done(bun, ['-e', parse], {}, text)) as Value | readonly Value[]
  return (Array.isArray(parsed) ? parsed : [parsed]).filter((value) => value != null)
}
