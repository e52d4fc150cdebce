// The configurations that other registries are started with.

/**
 * The text of each, by its placeholder in a command.
 * @param {string} storage the folder that the registry keeps everything in
 * @param {number} port
 * @returns {Record<string, string>}
 */
export function configurations(storage, port) {
  return {
    '{config}': distributionConfig(storage, port),
    '{zot-config}': zotConfig(storage, port, false),
    '{zot-commit-config}': zotConfig(storage, port, true),
  }
}

/**
 * @param {string} storage
 * @param {number} port
 */
function distributionConfig(storage, port) {
  return `version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: ${storage}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:${port}
`
}

/**
 * @param {string} storage
 * @param {number} port
 * @param {boolean} commit whether it syncs files
 */
function zotConfig(storage, port, commit) {
  return JSON.stringify({
    distSpecVersion: '1.1.1',
    storage: { rootDirectory: storage, commit },
    http: { address: '127.0.0.1', port: `${port}` },
    log: { level: 'error' },
  })
}
