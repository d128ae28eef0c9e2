/** Adds the memory desk to the registry of this process, so that the whole product can be tested with it. */
import { memoryDesk } from '.'
import type { ConfigSchema, Provider } from '../../providers/provider'
import { providers } from '../../src/definition/registry'

export const MEMORY_DESK = memoryDesk.name

export const registerMemoryDesk = (): void => {
  providers[MEMORY_DESK] = memoryDesk as unknown as Provider<ConfigSchema>
}
