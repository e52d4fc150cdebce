/** The web page of a registry. */

export type * from './answers.ts'
export { english } from './english.ts'
export type {
  UiOptions,
  UiRegistry,
  UiStatus,
} from './options.ts'
export type { UiText } from './text.ts'
export { createUi, type Ui } from './ui.ts'
