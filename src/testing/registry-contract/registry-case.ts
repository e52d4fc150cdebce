import type { ContractCase } from '../contract.ts'
import { ContractClient } from './contract-client.ts'

/** A registry as its cases see it: requests come for any host, the path begins with `/v2`. */
export type RegistryFetch = (request: Request) => Response | Promise<Response>

/** Gives a registry; it need be neither fresh nor empty. */
export type RegistryMaker = () => RegistryFetch | Promise<RegistryFetch>

/** A case of the registry's contract. */
export type RegistryCase = ContractCase<RegistryMaker>

/** A case that needs one registry. */
export function registryCase(
  name: string,
  body: (client: ContractClient) => Promise<void>,
): RegistryCase {
  return {
    name,
    needs: [],
    async run(make) {
      await body(new ContractClient(await make()))
    },
  }
}
