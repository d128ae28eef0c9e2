import { isApiError } from '@botpress/client'
import { RuntimeError } from '@botpress/sdk'
import { isProviderError } from '../../providers/errors'

/** What may be told about any error: a driver's or Botpress's own message, and for anything else only its kind. */
export const describeError = (error: unknown): string => {
  if (isProviderError(error) || error instanceof RuntimeError) return error.message
  if (isApiError(error)) return `Botpress answered ${error.code} ${error.type}`
  return error instanceof Error ? error.name : 'unknown error'
}

/** Whether Botpress says that the thing does not exist. */
export const isGone = (error: unknown): boolean => isApiError(error) && error.code === 404

export const gone = async <T>(promise: Promise<T>): Promise<T | undefined> => {
  try {
    return await promise
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}
