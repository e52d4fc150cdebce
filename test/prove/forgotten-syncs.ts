import type { Carelessness } from './careless-files.ts'

/** Syncs that a store could have forgotten, each by itself. */
export const forgotten: Readonly<Record<string, Carelessness>> = {
  'no-journal-sync': { unsyncedFiles: /^journal\.\d+$/ },
  'no-segment-sync': { unsyncedFiles: /^segments\// },
  'no-upload-sync': { unsyncedFiles: /^uploads\// },
  'no-blob-folder-sync': { unsyncedFolders: /^blobs\/sha256$/ },
  'no-segment-folder-sync': { unsyncedFolders: /^segments$/ },
  'no-folder-sync': { unsyncedFolders: /^$/ },
}
