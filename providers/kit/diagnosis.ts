/** Findings of a driver's `diagnose`. */
import { isProviderError, type ProviderErrorCode } from '../errors'
import type { Finding } from '../provider'

export const right = (about: string, found: string): Finding => ({ state: 'right', about, found })
export const look = (about: string, found: string, advice: string): Finding => ({ state: 'look', about, found, advice })
export const wrong = (about: string, found: string, advice: string): Finding => ({
  state: 'wrong',
  about,
  found,
  advice,
})

/** What to do about a failed call, unless its driver knows better. */
const ADVICE: Record<ProviderErrorCode, string> = {
  unauthorized: 'Check the credentials and their permissions',
  misconfigured: 'Change the configuration as it says, and save it again',
  'not-found': 'Check whether it still exists',
  ended: 'Check whether it still exists',
  rejected: 'Check the desk’s block in the configuration',
  'rate-limited': 'Wait a minute and try again',
  busy: 'Try again',
  pending: 'Wait until the desk has finished setting up, and try again',
  unavailable: 'Check the address in the configuration, this machine’s network and the desk’s status page',
}

const IN_THE_WAY = new Set<ProviderErrorCode>(['unavailable', 'rate-limited', 'busy', 'pending'])

/** The finding about a call that failed. */
export const failed = (about: string, error: unknown, advice?: string): Finding => {
  if (!isProviderError(error)) return wrong(about, 'Looking at it failed unexpectedly', 'Report this')
  const sentence = error.message.slice(`[${error.provider}] `.length)
  // What is in the way of looking says nothing about permissions.
  const isInTheWay = IN_THE_WAY.has(error.code)
  return wrong(about, sentence, isInTheWay ? ADVICE[error.code] : (advice ?? ADVICE[error.code]))
}

/** What `work` finds. If it fails, that is the finding. */
export const tried = async (
  about: string,
  work: () => Promise<Finding | Finding[]>,
  advice?: string
): Promise<Finding[]> => {
  try {
    return [await work()].flat()
  } catch (error) {
    return [failed(about, error, advice)]
  }
}
