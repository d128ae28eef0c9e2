/** What a customer can send besides text. The page serves the files. */
export interface Sample {
  label: string
  type: string
  payload: (origin: string) => Record<string, unknown>
}

export const SAMPLES: Record<string, Sample> = {
  photo: {
    label: 'Photo',
    type: 'image',
    payload: (origin) => ({ imageUrl: `${origin}/samples/printer.svg`, title: 'printer.svg' }),
  },
  document: {
    label: 'Document',
    type: 'file',
    payload: (origin) => ({ fileUrl: `${origin}/samples/invoice.txt`, title: 'invoice.txt' }),
  },
  voice: {
    label: 'Voice message',
    type: 'audio',
    payload: (origin) => ({ audioUrl: `${origin}/samples/voice.wav`, title: 'voice.wav' }),
  },
  video: {
    label: 'Video',
    type: 'video',
    payload: (origin) => ({ videoUrl: `${origin}/samples/clip.mp4`, title: 'clip.mp4' }),
  },
  location: {
    label: 'Location',
    type: 'location',
    payload: () => ({ latitude: 48.8584, longitude: 2.2945, title: 'Eiffel Tower' }),
  },
}

/** What an agent can attach. */
export const ATTACHMENTS: Record<string, { label: string; name: string; contentType: string }> = {
  photo: { label: 'Photo', name: 'power-button.svg', contentType: 'image/svg+xml' },
  document: { label: 'Document', name: 'manual.txt', contentType: 'text/plain' },
}

const picture = (body: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200" width="320" height="200">${body}</svg>`

const PRINTER = picture(
  '<rect width="320" height="200" fill="#fde7d9"/><path d="M120 70c-8-28 16-34 10-58 26 14 22 34 18 46 8-4 10-12 9-20 18 18 14 40 2 50z" fill="#f2701d"/><rect x="70" y="84" width="180" height="70" rx="10" fill="#3b4252"/><rect x="96" y="62" width="128" height="30" rx="4" fill="#e5e9f0"/><rect x="96" y="132" width="128" height="46" rx="4" fill="#fff"/><path d="M108 146h80M108 158h60" stroke="#a0a8b8" stroke-width="5"/><circle cx="228" cy="104" r="6" fill="#ff5c5c"/>'
)
const BUTTON = picture(
  '<rect width="320" height="200" fill="#dfeafb"/><circle cx="160" cy="100" r="62" fill="#fff"/><path d="M160 62v40" stroke="#2b5fd9" stroke-width="12" stroke-linecap="round"/><path d="M132 80a40 40 0 1 0 56 0" fill="none" stroke="#2b5fd9" stroke-width="12" stroke-linecap="round"/>'
)

/** One second of a quiet tone, as a WAV file. */
const _tone = (): Buffer => {
  const rate = 8_000
  const data = Buffer.from(
    Array.from({ length: rate }, (_sample, index) =>
      Math.round(128 + 40 * Math.sin((2 * Math.PI * 440 * index) / rate) * (1 - index / rate))
    )
  )
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + data.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(rate, 28)
  header.writeUInt16LE(1, 32)
  header.writeUInt16LE(8, 34)
  header.write('data', 36)
  header.writeUInt32LE(data.length, 40)
  return Buffer.concat([header, data])
}

/** The files by path. */
export const SAMPLE_FILES: Record<string, { type: string; content: string | Buffer }> = {
  '/samples/printer.svg': { type: 'image/svg+xml', content: PRINTER },
  '/samples/power-button.svg': { type: 'image/svg+xml', content: BUTTON },
  '/samples/invoice.txt': { type: 'text/plain', content: 'Invoice 4711\nOne printer, slightly used: 120.00 EUR\n' },
  '/samples/manual.txt': { type: 'text/plain', content: 'Hold the power button for ten seconds.\n' },
  '/samples/voice.wav': { type: 'audio/wav', content: _tone() },
}
