// A project with nothing but packages in it, as an application has that installs ours.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')

/**
 * A command of this repository's tools.
 * @param {string} name
 */
export const tool = (name) => join(root, 'node_modules/.bin', name)

/**
 * Runs a command to its end and returns its output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
export function run(command, args, cwd) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/**
 * Makes the folder an npm project and installs the packages in it.
 * @param {string} folder
 * @param {readonly string[]} packages names, or paths of tarballs
 */
export function install(folder, packages) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"name":"empty","private":true,"type":"module"}')
  const options = [
    '--no-audit',
    '--no-fund',
    '--save-exact',
    '--prefer-offline',
    '--fetch-retries=5',
  ]
  run('npm', ['install', ...options, ...packages], folder)
}

/**
 * Writes a TypeScript file into the project and compiles it there, with the project's own packages.
 * @param {string} folder
 * @param {string} file
 * @param {string} text
 */
export function compile(folder, file, text) {
  writeFileSync(join(folder, file), text)
  const options = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--types', 'node']
  run(tool('tsc'), [...options, '--typeRoots', join(root, 'node_modules/@types'), file], folder)
}
