/** Customers' files, among them those that somebody made to do harm. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestClock, createTestTools } from '../conformance/tools'
import { collect, fileFailureIn, takeFile, type FileLimits, type FilePart } from './files'
import { createSandboxWeb, type PublishedFile } from './sandbox'
import { createWeb, isPublicAddress } from './web'

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(5_000, 3)])
const MB = 1024 * 1024
const LIMITS: FileLimits = { maxBytes: 50 * MB }

const take = async (file: PublishedFile, part: Partial<FilePart> = {}, limits: Partial<FileLimits> = {}) => {
  const web = createSandboxWeb()
  const clock = createTestClock()
  const tools = createTestTools({ clock, sandboxes: [], web: web.web })
  const url = web.publish('/photo.png', file)
  const taken = await takeFile(tools, { type: 'file', kind: 'image', url, ...part }, { ...LIMITS, ...limits })
  return { taken, web, tools, clock }
}

const described = async (...args: Parameters<typeof take>) => {
  const { taken } = await take(...args)
  return taken.ok ? { name: taken.name, type: taken.contentType } : { why: taken.why }
}

describe('a file’s type and name', () => {
  it.each<[string, PublishedFile, Partial<FilePart>, { name: string; type: string }]>([
    ['a picture', { bytes: PNG, contentType: 'image/png' }, {}, { name: 'photo.png', type: 'image/png' }],
    [
      'a page that poses as a picture',
      { bytes: '<html><script>alert(1)</script>', contentType: 'image/png' },
      {},
      { name: 'photo.html', type: 'text/html' },
    ],
    [
      'a page without a tag at its beginning',
      { bytes: 'hello <script>alert(1)</script>', contentType: 'text/plain' },
      {},
      { name: 'photo.html', type: 'text/html' },
    ],
    [
      'a drawing',
      { bytes: '<?xml version="1.0"?>\n<!-- x -->\n<svg onload="alert(1)">', contentType: 'image/png' },
      {},
      { name: 'photo.svg', type: 'image/svg+xml' },
    ],
    [
      'a program as a document',
      { bytes: Buffer.concat([Buffer.from('MZ\x90\0'), Buffer.alloc(99)]), contentType: 'application/pdf' },
      { title: 'invoice.pdf' },
      { name: 'invoice.exe', type: 'application/x-msdownload' },
    ],
    [
      'bytes that are nothing known',
      { bytes: Buffer.from([0, 1, 2, 3, 0, 9]), contentType: 'image/jpeg' },
      {},
      { name: 'photo.bin', type: 'application/octet-stream' },
    ],
    [
      'a voice message in a shared container',
      { bytes: Buffer.from('\x1a\x45\xdf\xa3\x93\x42\x82\x84webm', 'latin1'), contentType: 'audio/webm;codecs=opus' },
      { title: 'note.webm' },
      { name: 'note.webm', type: 'audio/webm' },
    ],
    [
      'a document in a zip',
      { bytes: Buffer.from('PK\x03\x04\x14\0'), contentType: 'application/octet-stream' },
      { title: 'Offer.docx' },
      { name: 'Offer.docx', type: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document' },
    ],
    [
      'a text',
      { bytes: 'a;b\n1;2', contentType: 'text/csv' },
      { title: 'list.csv' },
      { name: 'list.csv', type: 'text/csv' },
    ],
    [
      'a text in UTF-16',
      { bytes: Buffer.from('\ufeffhallo', 'utf16le'), contentType: 'text/plain' },
      { title: 'a.txt' },
      { name: 'a.txt', type: 'text/plain' },
    ],
    [
      'a name that reads backwards',
      { bytes: PNG, contentType: 'image/png' },
      { title: 'photo\u202egnp.exe' },
      { name: 'photognp.png', type: 'image/png' },
    ],
    [
      'a name with signs that nobody sees',
      { bytes: PNG },
      { title: 'ph\u200boto\ufeff.png' },
      { name: 'photo.png', type: 'image/png' },
    ],
    [
      'a name that is a path',
      { bytes: PNG },
      { title: '../../etc/pass\\wd.png' },
      { name: '-..-etc-pass-wd.png', type: 'image/png' },
    ],
    [
      'a name of the server',
      { bytes: PNG, name: 'r\u00c3\u00a9sum\u00c3\u00a9.png' },
      {},
      { name: 'résumé.png', type: 'image/png' },
    ],
    [
      'a name that is too long',
      { bytes: PNG },
      { title: `${'👍'.repeat(200)}.png` },
      { name: `${'👍'.repeat(57)}….png`, type: 'image/png' },
    ],
  ])('%s', async (_what, file, part, expected) => {
    expect(await described(file, part)).toEqual(expected)
  })

  it('says a size of 30,000 × 30,000 pixels nothing: pictures are passed on, never unpacked', async () => {
    const header = Buffer.from('89504e470d0a1a0a0000000d49484452000075300000753008060000', 'hex')
    const { taken } = await take({ bytes: Buffer.concat([header, Buffer.alloc(1_000)]), contentType: 'image/png' })
    expect(taken).toMatchObject({ ok: true, contentType: 'image/png' })
  })
})

describe('a file that can’t be had', () => {
  it.each<[string, PublishedFile, Partial<FileLimits>, string]>([
    ['zero bytes', { bytes: '', contentType: 'image/png' }, {}, 'is empty'],
    ['2 GB', { bytes: PNG, length: 2 * 1024 * MB }, {}, 'is larger than 50 MB'],
    ['gone', { status: 404, bytes: 'gone' }, {}, 'could not be opened'],
    ['never answers', { failure: 'silent' }, {}, 'takes too long to load'],
    [
      'of a refused type',
      { bytes: PNG },
      { accepts: (type) => type !== 'image/png' },
      'is of a type that the desk refuses',
    ],
    [
      'refused with a reason',
      { bytes: PNG },
      { accepts: () => 'is of a type that Zendesk refuses' },
      'is of a type that Zendesk refuses',
    ],
    [
      'of no known size, where that is needed',
      { bytes: () => _endless(9 * MB), length: null },
      { needsSize: true },
      'is larger than 8 MB',
    ],
    ['an unknown compression', { bytes: PNG, headers: { 'content-encoding': 'zstd' } }, {}, 'could not be opened'],
  ])('%s', async (_what, file, limits, why) => {
    expect(await described(file, {}, limits)).toEqual({ why })
  })

  it.each([
    'nonsense',
    'ftp://files.example.test/a',
    'file:///etc/passwd',
    'data:text/plain,hi',
    'javascript:alert(1)',
  ])('has no address of the web: %s', async (url) => {
    const tools = { ...createTestTools({ clock: createTestClock(), sandboxes: [] }), web: undefined }
    expect((await takeFile(tools, { type: 'file', kind: 'file', url }, LIMITS)).ok).toBe(false)
  })
})

describe('a file that fails on its way', () => {
  const failureOf = async (file: PublishedFile, maxBytes = 50 * MB) => {
    const { taken } = await take(file, {}, { maxBytes })
    if (!taken.ok) return taken.why
    return collect(taken.bytes, 1024 * MB).then(() => undefined, fileFailureIn)
  }

  it('ends where it grows too large, whatever it has promised', async () => {
    expect(await failureOf({ bytes: () => _endless(3 * MB), length: null }, MB)).toBe('is larger than 1 MB')
    expect(await failureOf({ bytes: PNG, length: 10 })).toBe('broke off while it was loaded')
    expect(await failureOf({ bytes: PNG, length: 100_000 })).toBe('broke off while it was loaded')
  })

  it('ends at the limit where it unpacks to much more: a bomb', async () => {
    const zeros = Buffer.alloc(30 * MB)
    for (const [encoding, bytes] of [
      ['gzip', gzipSync(zeros)],
      ['br', brotliCompressSync(zeros)],
    ] as const) {
      expect(bytes.length).toBeLessThan(100_000)
      expect(await failureOf({ bytes, headers: { 'content-encoding': encoding } }, MB)).toBe('is larger than 1 MB')
    }
    const { taken } = await take({ bytes: gzipSync(PNG), headers: { 'content-encoding': 'gzip' } })
    expect(taken.ok && (await collect(taken.bytes, MB))).toEqual(PNG)
  })

  it('ends after some time when it sends a byte a second', async () => {
    const clock = createTestClock()
    const tools = createTestTools({ clock, sandboxes: [] })
    const trickle = async function* () {
      yield PNG
      for (let count = 0; count < 3_600; count += 1) {
        await clock.sleep(1_000)
        yield Buffer.from([0])
      }
    }
    const web = createSandboxWeb()
    const url = web.publish('/slow.png', { bytes: trickle, length: null })
    const started = clock.now()
    const taken = await takeFile({ ...tools, web: web.web }, { type: 'file', kind: 'image', url }, LIMITS)
    expect(taken.ok && (await collect(taken.bytes, MB).then(() => undefined, fileFailureIn))).toBe(
      'takes too long to load'
    )
    expect(clock.now() - started).toBeLessThan(25_000)
  })
})

async function* _endless(bytes: number): AsyncGenerator<Uint8Array> {
  yield PNG
  for (let sent = 0; sent < bytes; sent += 65_536) {
    await Promise.resolve()
    yield Buffer.alloc(65_536)
  }
}

// ------------------------------------------------------------------------------------------------------- addresses

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

const realTools = (web = createWeb()) => ({
  ...createTestTools({ clock: createTestClock(), sandboxes: [], timeoutMs: 300, web }),
  now: Date.now,
})
const opened = (url: string, web?: ReturnType<typeof createWeb>) =>
  takeFile(realTools(web), { type: 'file', kind: 'image', url }, LIMITS)
const REFUSED = { ok: false, why: 'has an address that may not be opened' }

describe('an address', () => {
  it.each([
    '127.0.0.1',
    '127.1.2.3',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'ff02::1',
    '4000::1',
    'localhost',
    '',
  ])('of this machine or its neighbours is not public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  it.each(['1.1.1.1', '93.184.216.34', '::ffff:8.8.8.8', '2606:4700:4700::1111'])(
    'of the internet is public: %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true)
    }
  )

  it.each([
    'http://127.0.0.1/a',
    'http://[::1]/a',
    'http://2130706433/a',
    'http://0x7f.1/a',
    'http://localhost/a',
    'http://169.254.169.254/latest',
    'http://[::ffff:169.254.169.254]/',
  ])('is refused before anything is sent: %s', async (url) => expect(await opened(url)).toEqual(REFUSED))

  it('is refused by what its name resolves to', async () => {
    const web = createWeb({ resolve: () => Promise.resolve([{ address: '10.1.2.3', family: 4 }]) })
    expect(await opened('https://intranet.example/a', web)).toEqual(REFUSED)
  })

  it('is connected to as it was checked: a name that resolves otherwise the second time gains nothing', async () => {
    let requests = 0
    const origin = await serve((_request, answer) => {
      requests += 1
      answer.end(PNG)
    })
    const answers = [[{ address: '192.0.2.1', family: 4 }], [{ address: '127.0.0.1', family: 4 }]]
    let looked = 0
    const web = createWeb({
      resolve: () => Promise.resolve(answers[(looked += 1) - 1] ?? []),
      allows: (address) => address === '192.0.2.1',
    })
    const taken = await opened(origin.replace('localhost', 'rebind.example'), web)
    expect(taken.ok).toBe(false)
    expect([looked, requests]).toEqual([1, 0])
  })

  it('is refused after a redirect to this machine, and redirects end', async () => {
    const target = await serve((_request, answer) => answer.end(PNG))
    const origin = await serve((request, answer) => {
      const location = request.url === '/loop' ? '/loop' : `${target.replace('localhost', '127.0.0.1')}/secret`
      answer.writeHead(302, { location }).end()
    })
    const web = createWeb({ allows: (address, url) => url.origin === origin && address === '127.0.0.1' })
    expect(await opened(`${origin}/a`, web)).toEqual(REFUSED)
    expect(await opened(`${origin}/loop`, web)).toEqual({ ok: false, why: 'could not be opened' })
  })

  it('that never answers is left', async () => {
    const origin = await serve(() => undefined)
    const web = createWeb({ allows: () => true })
    expect(await opened(`${origin}/a`, web)).toEqual({ ok: false, why: 'takes too long to load' })
  })

  it('gets no credentials and no cookies', async () => {
    const seen: string[] = []
    const origin = await serve((request, answer) => {
      seen.push(...Object.keys(request.headers))
      answer.end(PNG)
    })
    await opened(`${origin}/a.png`, createWeb({ allows: () => true }))
    expect(seen.toSorted()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent'])
  })
})

it('a file of 100 MB costs less than 32 MB of memory, however slowly it is passed on', async () => {
  // The server has a process of its own, so that only the reader's memory is counted.
  const { origin, stop } = await _serveBytes(100 * MB)
  try {
    const before = _memoryInUse()
    const taken = await takeFile(
      { ...realTools(createWeb({ allows: () => true })), timeoutMs: 5_000 },
      { type: 'file', kind: 'video', url: `${origin}/film.mp4` },
      { maxBytes: 200 * MB }
    )
    let size = 0
    let chunks = 0
    let peak = 0
    for await (const chunk of taken.ok ? taken.bytes : []) {
      size += chunk.length
      chunks += 1
      if (chunks % 50 === 0) peak = Math.max(peak, _memoryInUse())
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(size).toBe(100 * MB)
    expect(peak - before).toBeLessThan(32 * MB)
  } finally {
    stop()
  }
})

/** A server that answers every request with so many bytes. */
const _serveBytes = async (bytes: number): Promise<{ origin: string; stop(): void }> => {
  const child = spawn(process.execPath, [
    '-e',
    `const { Readable } = require('node:stream')
     const block = Buffer.alloc(65536, 1)
     const blocks = () => Readable.from((function* () { for (let i = 0; i < ${bytes / 65_536}; i++) yield block })())
     require('node:http')
       .createServer((request, answer) => blocks().pipe(answer))
       .listen(0, '127.0.0.1', function () { console.log(this.address().port) })`,
  ])
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return { origin: `http://localhost:${String(port).trim()}`, stop: () => child.kill() }
}

/** Bytes of buffers that something still refers to. What is garbage depends on how busy the machine is. */
const _memoryInUse = (): number => {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage().arrayBuffers
}
