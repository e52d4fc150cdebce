/** What a comparison says. */
export interface CompareText {
  readonly title: string
  readonly from: string
  readonly to: string
  readonly platform: string
  readonly submit: string
  readonly swap: string
  readonly choose: string
  readonly noPlatform: string
  readonly missing: string
  readonly same: string
  readonly fetch: (from: string, bytes: string, to: string) => string
  readonly difference: string
  readonly shared: string
  readonly layers: string
  readonly state: string
  readonly size: string
  readonly digest: string
  readonly sharedLayer: string
  readonly addedLayer: string
  readonly removedLayer: string
  readonly config: string
  readonly environment: string
  readonly labels: string
  readonly annotations: string
  readonly files: string
  readonly history: string
  readonly sameSteps: (count: string) => string
  readonly name: string
  readonly absent: string
  /** Names of what an image's config says. */
  readonly keys: Readonly<Record<string, string>>
}

/** CompareText in English. */
export const compareText: CompareText = {
  title: 'Compare',
  from: 'From',
  to: 'To',
  platform: 'Platform',
  submit: 'Compare',
  swap: 'Swap',
  choose: 'Select two tags or digests.',
  noPlatform: 'The two have no platform in common.',
  missing: 'One of the two is not in this repository.',
  same: 'Both are the same manifest.',
  fetch: (from, bytes, to) => `An update from ${from} to ${to} downloads ${bytes}.`,
  difference: 'Difference',
  shared: 'Shared',
  layers: 'Configuration and layers',
  state: 'State',
  size: 'Size',
  digest: 'Digest',
  sharedLayer: 'in both',
  addedLayer: 'added',
  removedLayer: 'removed',
  config: 'Configuration',
  environment: 'Environment',
  labels: 'Labels',
  annotations: 'Annotations',
  files: 'Files',
  history: 'History',
  sameSteps: (count) => (count === '1' ? '1 step is the same' : `${count} steps are the same`),
  name: 'Name',
  absent: 'not set',
  keys: {
    platform: 'Platform',
    osVersion: 'OS version',
    author: 'Author',
    user: 'User',
    workingDirectory: 'Working directory',
    stopSignal: 'Stop signal',
    entrypoint: 'Entrypoint',
    command: 'Command',
    ports: 'Ports',
    volumes: 'Volumes',
    healthcheck: 'Health check',
  },
}
