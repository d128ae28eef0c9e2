import type { ConfigSchema, Provider } from '../../providers/provider'
import * as registered from '../../providers'

/** Every desk that this build knows, by its registry key. The one place where the core meets the vendors. */
export const providers: Record<string, Provider<ConfigSchema>> = Object.fromEntries(
  Object.entries(registered).map(([key, provider]) => [key, provider as unknown as Provider<ConfigSchema>])
)

export type ProviderName = keyof typeof registered

/** In registry order. */
export const providerNames = Object.keys(registered) as [ProviderName, ...ProviderName[]]

/** The user tag that keeps a customer's contact id at a desk. */
export const contactTag = (provider: string): string =>
  `${provider.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase())}ContactId`
