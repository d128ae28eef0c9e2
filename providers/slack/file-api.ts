/** The Web API's methods for files. https://docs.slack.dev/messaging/working-with-files */
import { z } from '@botpress/sdk'
import { ProviderError } from '../errors'
import { createHttp, type Http } from '../kit/http'
import type { Tools } from '../kit/tools'
import type { DeskFile } from '../provider'
import type { MessageAddress } from './ids'

/** What the Files API of Botpress takes without asking; larger files are named to the customer. */
const MAX_READ_BYTES = 100 * 1024 * 1024

const _word = z.string().nullish().catch(undefined)
const ticket = z.object({ ok: z.literal(true), upload_url: z.string(), file_id: z.string() })
const _shares = z
  .record(z.array(z.object({ ts: z.string(), thread_ts: _word })))
  .nullish()
  .catch(undefined)
const completed = z.object({
  ok: z.literal(true),
  files: z
    .array(
      z.object({ id: z.string(), shares: z.object({ public: _shares, private: _shares }).nullish().catch(undefined) })
    )
    .nullish()
    .catch(undefined),
})
const info = z.object({
  ok: z.literal(true),
  file: z.object({
    id: z.string(),
    name: _word,
    title: _word,
    mimetype: _word,
    size: z.number().nullish().catch(undefined),
    url_private: _word,
    url_private_download: _word,
    mode: _word,
    is_external: z.boolean().nullish().catch(undefined),
  }),
})
const done = z.object({ ok: z.literal(true) })

export const isSlackHost = (host: string): boolean => host === 'slack.com' || host.endsWith('.slack.com')

export const createFileApi = (http: Http, tools: Tools) => ({
  /** https://docs.slack.dev/reference/methods/files.getUploadURLExternal */
  askForUpload: async (filename: string, length: number): Promise<{ url: string; id: string }> => {
    const { data } = await http.request({
      method: 'GET',
      path: '/files.getUploadURLExternal',
      query: { filename, length },
      schema: ticket,
      purpose: 'upload a file',
      about: 'message',
    })
    return { url: data.upload_url, id: data.file_id }
  },

  /** Sends the bytes to the address that Slack gave. The address itself is the credential. */
  upload: async (
    address: string,
    { bytes, size, contentType }: { bytes: AsyncIterable<Uint8Array>; size: number; contentType: string }
  ): Promise<void> => {
    const url = URL.canParse(address) ? new URL(address) : undefined
    if (!url || url.protocol !== 'https:')
      throw new ProviderError('slack', 'unavailable', 'Could not upload a file: Slack gave no address for it')
    const place = createHttp(tools, {
      provider: 'slack',
      baseUrl: url.origin,
      isAllowedHost: isSlackHost,
      headers: () => ({}),
    })
    await place.request({
      method: 'POST',
      path: url.pathname + url.search,
      body: bytes,
      headers: { 'content-type': contentType, 'content-length': String(size) },
      schema: z.unknown(),
      answersText: true,
      purpose: 'upload a file',
      about: 'message',
      repeatable: false,
    })
  },

  /**
   * Shares uploaded files in a thread, as one post of the app. Resolves to the post's timestamp or, while Slack is
   * still at it, to the first file's id. https://docs.slack.dev/reference/methods/files.completeUploadExternal
   */
  shareFiles: async (
    { channel, ts }: MessageAddress,
    { files, comment }: { files: { id: string; title: string }[]; comment: string }
  ): Promise<string> => {
    const { data } = await http.request({
      method: 'POST',
      path: '/files.completeUploadExternal',
      body: JSON.stringify({
        files,
        channel_id: channel,
        thread_ts: ts,
        ...(comment === '' ? {} : { initial_comment: comment }),
      }),
      headers: { 'content-type': 'application/json; charset=utf-8' },
      schema: completed,
      purpose: 'share a file',
      about: 'ticket',
      repeatable: false,
    })
    const [first] = data.files ?? []
    const shares = first?.shares
    const places = [...(shares?.public?.[channel] ?? []), ...(shares?.private?.[channel] ?? [])]
    return places.find((place) => place.thread_ts === ts)?.ts ?? files[0]?.id ?? ts
  },

  /** Opens an agent's file. https://docs.slack.dev/reference/methods/files.info */
  readFile: async (id: string): Promise<DeskFile> => {
    const { data } = await http.request({
      method: 'GET',
      path: '/files.info',
      query: { file: id },
      schema: info,
      purpose: 'find a file',
      about: 'message',
    })
    const { file } = data
    const address = file.url_private_download ?? file.url_private
    if (!address || file.is_external || file.mode === 'tombstone' || file.mode === 'hidden_by_limit') {
      throw new ProviderError('slack', 'not-found', 'The file is not at Slack, or is hidden there', {
        about: 'message',
      })
    }
    const opened = await http.download({
      url: address,
      purpose: 'read a file',
      sendsCredentials: isSlackHost,
      maxBytes: MAX_READ_BYTES,
    })
    // Without the scope or the right, Slack answers with its sign-in page, and 200.
    const type = file.mimetype ?? ''
    if (opened.contentType === 'text/html' && !/html/.test(type)) {
      throw new ProviderError('slack', 'misconfigured', 'The Slack app may not read files: add the scope files:read')
    }
    const contentType = type || opened.contentType
    const size = opened.size ?? file.size
    return {
      name: file.name || file.title || opened.name || 'file',
      ...(contentType ? { contentType } : {}),
      ...(size === undefined || size === null ? {} : { size }),
      bytes: opened.bytes,
    }
  },

  /** Adds a reaction to a message. https://docs.slack.dev/reference/methods/reactions.add */
  react: async ({ channel, ts }: MessageAddress, name: string): Promise<void> => {
    await http.request({
      method: 'POST',
      path: '/reactions.add',
      body: JSON.stringify({ channel, timestamp: ts, name }),
      headers: { 'content-type': 'application/json; charset=utf-8' },
      schema: done,
      purpose: 'mark a message',
      repeatable: true,
    })
  },
})
