import { isApiError } from '@botpress/client'
import { RuntimeError } from '@botpress/sdk'
import { isProviderError } from '../../providers/errors'

/** Describes an error without what people wrote: a message of a driver or Botpress, otherwise only the error's name. */
export const describeError = (error: unknown): string => {
  if (isProviderError(error) || error instanceof RuntimeError) return error.message
  if (isApiError(error)) return `Botpress answered ${error.code} ${error.type}`
  return error instanceof Error ? error.name : 'unknown error'
}

/** Whether Botpress answered that the resource does not exist. */
export const isGone = (error: unknown): boolean => isApiError(error) && error.code === 404

/** Resolves to undefined when the resource does not exist. Throws every other error. */
export const gone = async <T>(promise: Promise<T>): Promise<T | undefined> => {
  try {
    return await promise
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** Botpress has refused the call, so it had no effect. After any other error it may have had one. */
export const isRefused = (error: unknown): boolean => isApiError(error) && error.code >= 400 && error.code < 500
