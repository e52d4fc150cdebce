import { entry } from '../help-entry.ts'

const store = `${entry('--storage-dir DIR', 'the folder of the registry (./layerdock-data)')}
${entry('--database URL, --bucket URL', 'or its database and bucket, as layerdock serve has them; --database-file and --bucket-credentials-file too')}`

const common = `${entry('--repository NAME[:TAG]', 'only this repository, or only this tag of it with all its referrers; may be given again')}
${entry('--rate SIZE', 'read at most so many bytes a second, such as 50MiB')}
${entry('--concurrency N', 'blobs and manifests at a time (16; 8 over HTTP)')}
${entry('--json', 'print the result as JSON')}`

/** What `layerdock import --help` prints. */
export const importHelp: string = `layerdock import: bring in what an image layout or another registry's folder holds.

  layerdock import FROM [--storage-dir DIR]

FROM is an image layout (a folder, a tar archive, or - for an archive on standard input), or the
folder of a registry: distribution's /var/lib/registry, zot's and olareg's rootDirectory. Which it is
is found out. It is only read, and no link in it is followed. Stop the registry that writes it.

Manifests arrive byte for byte, with tags, nested indexes and referrers. Every byte is hashed: what is
missing, damaged or not to be followed is named, left out, and makes the exit code 1. What is there
is not read again, so the same command goes on where one was stopped. Nothing that the registry has
changes, unless --move-tags is given.

${store}
${entry('--to URL', 'or a registry that runs, Layerdock or another: http://localhost:5000. For logins see layerdock copy --help')}
${entry('--as NAME[:TAG]', 'the repository that the content of a layout goes to, whatever the layout says; and the tag, where it is one manifest')}
${entry('--move-tags', 'tags move that stand for something else in the registry')}
${common}

  layerdock import /var/lib/registry --storage-dir /mnt/registry
  docker save alpine:3.20 | layerdock import -
  layerdock import ./layout --as team/app

docs/move.md tells the rest. Exit codes: 0 where everything came, 1 where something did not or failed,
2 for a wrong command line.
`

/** What `layerdock export --help` prints. */
export const exportHelp: string = `layerdock export: write what a registry has as an OCI image layout.

  layerdock export TO [--storage-dir DIR]

TO is a folder, a file that ends in .tar, or - for an archive on standard output. With one
--repository, its tags are the names in the layout, as skopeo, oras and regctl look for them;
otherwise they are whole names, such as team/app:v1. Referrers and manifests without a tag are in
it too, and times. A folder that is a layout already is added to: what it has of these repositories
is replaced, the rest stays, and bytes that are there are not written again.

The server may run: this is what it has at this moment.

${store}
${entry('--from URL', 'or a registry over HTTP: https://registry.example.com, or …/team/app. For logins see layerdock copy --help')}
${entry('--tar', 'write an archive, whatever the file is called')}
${common}

  layerdock export ./layout --repository team/app
  layerdock export all.tar
  layerdock export - --repository team/app:v1 | skopeo copy oci-archive:/dev/stdin:v1 …

docs/move.md tells the rest. Exit codes: 0 where everything is in it, 1 where something is not or
failed, 2 for a wrong command line.
`
