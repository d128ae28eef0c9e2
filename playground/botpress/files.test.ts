import { isApiError } from '@botpress/client'
import axios from 'axios'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestWorld, type TestWorld } from './testing'

const worlds: TestWorld[] = []
const open = async (): Promise<TestWorld> => {
  const world = await createTestWorld()
  worlds.push(world)
  return world
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

const get = async (url: string) =>
  axios.get<ArrayBuffer>(url, { responseType: 'arraybuffer', validateStatus: () => true, proxy: false })

const PUBLIC = {
  accessPolicies: ['public_content' as const],
  publicContentImmediatelyAccessible: true,
  contentType: 'image/png',
}
const BYTES = Buffer.from([0x89, 0x50, 0, 0xff, 0xfe, 10])

describe('files', () => {
  it('are uploaded by the client and open at their address, byte for byte', async () => {
    const { client } = await open()
    const { file } = await client.uploadFile({ key: 'a/photo.png', content: BYTES, ...PUBLIC })
    expect((await client.getFile({ id: 'a/photo.png' })).file).toMatchObject({
      id: file.id,
      status: 'upload_completed',
      size: 6,
    })
    const answer = await get(file.url)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('image/png')
    expect(Buffer.from(answer.data)).toEqual(BYTES)
  })

  it('keep id and address over uploads under the same key', async () => {
    const { client } = await open()
    const first = await client.uploadFile({ key: 'k', content: 'one', ...PUBLIC })
    const second = await client.uploadFile({ key: 'k', content: 'two!', ...PUBLIC })
    expect(second.file.url).toBe(first.file.url)
    expect(Buffer.from((await get(first.file.url)).data).toString()).toBe('two!')
    expect((await client.listFiles({})).files).toHaveLength(1)
  })

  it('end with their expiry, in minutes', async () => {
    const { client, clock } = await open()
    const expiresAt = new Date(clock.now() + 120_000).toISOString()
    const { file } = await client.uploadFile({ key: 'k', content: BYTES, expiresAt, ...PUBLIC })
    expect((await get(file.url)).status).toBe(200)
    await clock.advance(121_000)
    expect((await get(file.url)).status).toBe(403)
    await expect(client.getFile({ id: 'k' })).rejects.toMatchObject({ code: 404 })
  })

  it('are refused with an expiry that is past or more than 90 days away, and when they are too large', async () => {
    const { client, clock } = await open()
    const at = (ms: number) => new Date(clock.now() + ms).toISOString()
    const refusal = async (input: object): Promise<number | undefined> =>
      client.upsertFile({ key: 'k', size: 1, ...input }).then(
        () => undefined,
        (error: unknown) => (isApiError(error) ? error.code : undefined)
      )
    expect(await refusal({ expiresAt: at(-1) })).toBe(400)
    expect(await refusal({ expiresAt: at(91 * 86_400_000) })).toBe(400)
    expect(await refusal({ size: 2 * 1024 ** 3 })).toBe(413)
    expect(await refusal({ expiresAt: at(90 * 86_400_000) })).toBeUndefined()
  })

  it('take only the bytes that were announced: their number, type and tagging', async () => {
    const { client } = await open()
    const { file } = await client.upsertFile({ key: 'k', size: BYTES.length, ...PUBLIC })
    const put = async (headers: Record<string, string>, content = BYTES) =>
      (await axios.put(file.uploadUrl, content, { headers, validateStatus: () => true, proxy: false })).status
    const right = { 'content-type': 'image/png', 'x-amz-tagging': 'public=true' }
    expect(await put({ 'content-type': 'image/png' })).toBe(403)
    expect(await put({ ...right, 'content-type': 'text/html' })).toBe(403)
    expect(await put(right, Buffer.alloc(5))).toBe(403)
    expect(await put({ ...right, authorization: 'Bearer x' })).toBe(400)
    expect((await get(file.url)).status).toBe(403)
    expect(await put(right)).toBe(200)
  })

  it('fail as a test asks, before or after they have arrived', async () => {
    const { client, runtime } = await open()
    runtime.addFault({ kind: 'status', status: 503, method: 'PUT', path: /^\/upload\//, effect: 'after' })
    await expect(client.uploadFile({ key: 'k', content: BYTES, ...PUBLIC })).rejects.toThrow('Failed to upload')
    expect((await client.getFile({ id: 'k' })).file.status).toBe('upload_completed')
  })
})
