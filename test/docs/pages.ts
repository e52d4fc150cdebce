import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, root, textOf } from '../architecture/source-files.ts'

/** A document of the project. */
export interface Page {
  /** From the root of the project. */
  readonly path: string
  readonly text: string
}

/** A fenced block of a page. */
export interface Block {
  readonly page: string
  /** Counted from 1. */
  readonly line: number
  /** The first word of the fence: `ts`, `sh`, … */
  readonly language: string
  /** What follows it. */
  readonly about: string
  readonly code: string
}

/** The pages of `docs/`. */
export const docs: readonly Page[] = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => pageAt(`docs/${name}`))

/** Every page that is meant for users: README, `docs/` and the guides of the examples. */
export const pages: readonly Page[] = [
  pageAt('README.md'),
  ...docs,
  ...filesBelow('examples')
    .filter((path) => path.endsWith('.md'))
    .map(pageAt),
  ...filesBelow('deploy')
    .filter((path) => path.endsWith('.md'))
    .map(pageAt),
]

function pageAt(path: string): Page {
  return { path, text: textOf(path) }
}

/** The fenced blocks of some pages, in order. */
export function blocksOf(from: readonly Page[]): readonly Block[] {
  return from.flatMap(({ path, text }) =>
    [...text.matchAll(/^```(\w*) ?(.*)\n([\s\S]*?)^```$/gm)].map(
      ([, language = '', about = '', code = ''], index, all) => ({
        page: path,
        line: text.slice(0, all[index]?.index).split('\n').length,
        language,
        about,
        code,
      }),
    ),
  )
}

/** Markdown without code. */
export function proseOf(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
}

/** The anchors of a page, as GitHub makes them of headings. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)]
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
