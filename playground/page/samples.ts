import { POWER_BUTTON, PRINTER } from './pictures'

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
    payload: (origin) => ({ imageUrl: `${origin}/samples/printer.png`, title: 'printer.png' }),
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
  photo: { label: 'Photo', name: 'power-button.png', contentType: 'image/png' },
  document: { label: 'Document', name: 'manual.txt', contentType: 'text/plain' },
}

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
  '/samples/printer.png': { type: 'image/png', content: PRINTER },
  '/samples/power-button.png': { type: 'image/png', content: POWER_BUTTON },
  '/samples/invoice.txt': { type: 'text/plain', content: 'Invoice 4711\nOne printer, slightly used: 120.00 EUR\n' },
  '/samples/manual.txt': { type: 'text/plain', content: 'Hold the power button for ten seconds.\n' },
  '/samples/voice.wav': { type: 'audio/wav', content: _tone() },
}
