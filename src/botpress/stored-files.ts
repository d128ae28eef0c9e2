/** Files that the router keeps at Botpress, where customers can open them. */
import { isApiError } from '@botpress/client'
import axiosNode from 'axios/dist/node/axios.cjs'
import { Readable } from 'node:stream'
import type { AxiosInstance } from 'axios'
import type { Call } from './call'
import { gone } from './errors'

export interface FileToStore {
  /** Unique in the installation. A repetition with the same key re-uses the file. */
  key: string
  /** As the customer sees it. */
  name: string
  contentType: string
  /** Bytes: exactly as many follow. */
  size: number
  bytes: AsyncIterable<Uint8Array>
  /** Milliseconds since the epoch. */
  expiresAt: number
}

export interface StoredFile {
  url: string
  name: string
  contentType: string
}

/** Botpress doesn't take this file, now or later: its storage is full, or its rules forbid it. */
export class NotStored extends Error {
  public override readonly name = 'NotStored'
}

const LASTING = new Set([400, 402, 403, 413, 415, 422])
/** Answers of the store that pass, as every 5xx does. */
const PASSING = new Set([408, 425, 429])
const LONGEST_UPLOAD_MS = 60_000

/** A file that was stored completely under this key. Throws as Botpress does. */
export const findStored = async (call: Call, key: string): Promise<StoredFile | undefined> => {
  const answer = await gone(call.client.getFile({ id: key }))
  const file = answer?.file
  if (file?.status !== 'upload_completed' || file.key !== key) return undefined
  return { url: file.url, contentType: file.contentType, name: file.tags['name'] ?? file.key.split('/').at(-1) ?? '' }
}

/**
 * Stores a file, passing it on as it comes. Throws `NotStored` when a repetition can't help, what the file itself
 * throws, and else as Botpress does. An upload that breaks off leaves nothing that anybody can open.
 */
export const storeFile = async (call: Call, { bytes, expiresAt, name, ...file }: FileToStore): Promise<StoredFile> => {
  const { file: begun } = await call.client
    .upsertFile({
      ...file,
      tags: { name },
      accessPolicies: ['public_content'],
      publicContentImmediatelyAccessible: true,
      expiresAt: new Date(expiresAt).toISOString(),
    })
    .catch((error: unknown) => {
      throw isApiError(error) && LASTING.has(error.code) ? new NotStored('Botpress refuses the file') : error
    })
  let failure: unknown
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes
    } catch (error) {
      failure = error
      throw error
    }
  }
  // The address itself is the permission: the client's token doesn't go there.
  const { adapter } = (call.client._inner as unknown as { axiosInstance: AxiosInstance }).axiosInstance.defaults
  const answer = await axiosNode
    .request({
      method: 'PUT',
      url: begun.uploadUrl,
      data: Readable.from(watched(), { objectMode: false }),
      headers: {
        'content-type': begun.contentType,
        'content-length': String(file.size),
        'x-amz-tagging': 'public=true',
      },
      adapter,
      maxRedirects: 0,
      maxBodyLength: Number.POSITIVE_INFINITY,
      timeout: LONGEST_UPLOAD_MS,
      validateStatus: (status) => status < 500 && !PASSING.has(status),
      proxy: false,
    })
    .catch((error: unknown) => {
      throw failure ?? new Error(`A file could not be stored: ${_codeOf(error)}`)
    })
  if (answer.status >= 300) throw new NotStored(`The store answered ${answer.status}`)
  return { url: begun.url, contentType: begun.contentType, name }
}

/** The axios error itself holds the signed address. */
const _codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && /^\w{1,40}$/.test(code) ? code : 'no answer'
}
