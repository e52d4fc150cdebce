// Stands for playwright-core where it is not installed, so that types can be checked all the same.
/* biome-ignore-all lint/suspicious/noExplicitAny: nothing is known of it there. */
export type Browser = any
export type BrowserContextOptions = any
export type ConsoleMessage = any
export type Dialog = any
export type Page = any
export type Request = any
export type WebError = any
export declare const chromium: any
