import type { EventName } from './event-names.ts'

/** One text, or several. */
export type OneOrMore<T> = T | readonly T[]

/** A time such as `10s`: a number and `s`, `m`, `h`, `d` or `w`. */
export type DurationText = string

/**
 * A text that may be a secret: the text itself, the path of a file that holds it, or the name of an environment
 * variable. A line break at the end of a file does not count. `layerdock serve` reads files and variables, and takes
 * secrets only from there.
 */
export type SecretSource = string | { readonly file: string } | { readonly env: string }

/** What is sent. */
export type FormatName = 'harbor' | 'distribution' | 'distribution-v2' | 'cloudevents'

/** Webhooks as they are written, in a file or in code. */
export interface WebhooksDocument {
  /**
   * The host that clients name, with its port where it has one, such as `registry.example.com`. Receivers compare it
   * with the images that they know. Default: that of `--public-url`.
   */
  readonly registry?: string
  readonly endpoints: readonly EndpointDocument[]
}

/** A receiver, and what it is told. */
export interface EndpointDocument {
  /** Lower-case letters, digits, `-`, `_` and `.`. What waits for a receiver is kept under its name. */
  readonly name: string
  /** `http://` or `https://`. Lists and logs show its host alone, since the path of many receivers is a secret. */
  readonly url: SecretSource
  readonly format: FormatName
  /** Patterns, as in an access policy: `*` within a segment, `**` across segments. Default: every repository. */
  readonly repositories?: OneOrMore<string>
  /** Repositories that it is not told of. */
  readonly exceptRepositories?: OneOrMore<string>
  /** Default: `push`. */
  readonly events?: OneOrMore<EventName>
  /** Only events of such tags: text in which `*` stands for any characters, or `semver`. Default: also those without a tag. */
  readonly tags?: OneOrMore<string>
  /** Signs what is sent. Of several, the first signs `X-Signature`, and each of them `webhook-signature`. */
  readonly secret?: OneOrMore<SecretSource>
  /** Sent with each request, such as `Authorization`. */
  readonly headers?: Readonly<Record<string, SecretSource>>
  /** How long a request may take as a whole, from 100 ms to 60 s. Default: `10s`. */
  readonly timeout?: DurationText
  /** How many requests may be under way to it, from 1 to 32. Those of one repository go one after the other. Default: 4. */
  readonly concurrency?: number
  /**
   * Whether it may be at a private address: of this machine, of a private network, or of a carrier's. Link-local
   * addresses, where clouds keep their metadata, are refused in any case. Default: false.
   */
  readonly allowPrivate?: boolean
  /** Certificates (PEM) of authorities that are trusted beside those of the runtime. */
  readonly ca?: SecretSource
}
