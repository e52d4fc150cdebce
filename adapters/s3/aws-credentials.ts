import type { S3Credentials } from './options.ts'

interface Providers {
  fromNodeProviderChain(): () => Promise<S3Credentials>
}

/**
 * Credentials as AWS's own tools find them: environment, shared files, web identity (IRSA), containers (EKS, ECS),
 * instance metadata. Loads the package `@aws-sdk/credential-providers`, which the program has to install, when
 * it is asked for the first time.
 *
 * @throws Error, when it is asked, where the package is not there
 *
 * @example
 * const blobs = s3Blobs({ bucket: 'images', region: 'eu-central-1', credentials: awsCredentials() })
 */
export function awsCredentials(): () => Promise<S3Credentials> {
  let provider: Promise<() => Promise<S3Credentials>> | null = null
  return async () => {
    provider ??= load()
    try {
      return await (await provider)()
    } catch (error) {
      provider = null
      throw error
    }
  }
}

async function load(): Promise<() => Promise<S3Credentials>> {
  // A variable, so that neither compiler nor bundler looks for a package that few install.
  const name: string = '@aws-sdk/credential-providers'
  let loaded: Providers
  try {
    loaded = (await import(name)) as Providers
  } catch (cause) {
    throw new Error(`install ${name} to use the credentials of this machine`, { cause })
  }
  return loaded.fromNodeProviderChain()
}
