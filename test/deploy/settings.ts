import { everySetting } from '../../adapters/cli/command-line.ts'
import { readSettings } from '../../adapters/cli/read-settings.ts'
import type { Settings } from '../../adapters/cli/settings.ts'

/**
 * The settings of a server that is started with these words and variables, as the program itself reads them.
 *
 * @param words from `serve` on
 * @throws CliError where the program would refuse them.
 */
export async function servedBy(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Settings> {
  const [command, ...rest] = words
  if (command !== 'serve') throw new Error(`${command}: not serve`)
  const { settings } = await readSettings({ words: rest, flags: everySetting, environment })
  return settings
}
