import type { RegistryService } from '../ports/registry-service.ts'

/**
 * The same service as an object that can be spread. A spread of an instance of a class has none of the
 * methods of the class.
 *
 * @param complete a service whose own properties are all the methods there are
 */
export function plainService(service: RegistryService, complete: RegistryService): RegistryService {
  const names = Object.keys(complete) as Array<keyof RegistryService>
  return Object.fromEntries(
    names.map((name) => [name, service[name].bind(service)]),
  ) as unknown as RegistryService
}
