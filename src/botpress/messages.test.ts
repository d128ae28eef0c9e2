import { describe, expect, it } from 'vitest'
import { partsToText } from '../../providers/kit/message-text'
import { toParts } from './messages'

describe.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])('a message of type %s', (type) => {
  it('is named, since it has no reader', () => {
    expect(partsToText(toParts(type, {}))).toBe(`(a message of type “${type}” that cannot be shown here)`)
  })

  it('is named in its place inside a bloc', () => {
    const items = [
      { type: 'text', payload: { text: 'before' } },
      { type, payload: {} },
      { type: 'text', payload: { text: 'after' } },
    ]
    expect(partsToText(toParts('bloc', { items })).split('\n')).toEqual([
      'before',
      `(a message of type “${type}” that cannot be shown here)`,
      'after',
    ])
  })
})

describe('what a customer sends', () => {
  const shown = (type: string, payload: unknown): string => partsToText(toParts(type, payload, 'customer'))

  it.each([
    ['image', { imageUrl: 'https://x.test/i.png', caption: 'It is broken here', userId: 'user_1' }],
    ['video', { videoUrl: 'https://x.test/i.mp4', caption: 'It is broken here' }],
    ['audio', { audioUrl: 'https://x.test/i.mp3', description: 'It is broken here' }],
    ['file', { fileUrl: 'https://x.test/i.pdf', title: 'a', text: 'It is broken here' }],
    ['location', { latitude: 1, longitude: 2, note: 'It is broken here' }],
    [
      'bloc',
      { items: [{ type: 'image', payload: { imageUrl: 'https://x.test/i.png', caption: 'It is broken here' } }] },
    ],
    ['bloc', { items: [{ type: 'text', text: 'It is broken here' }] }],
    ['image', { caption: 'It is broken here' }],
    ['table', { rows: [['It is broken here', 'b']] }],
    ['sticker', { pack: { words: 'It is broken here' } }],
  ])('keeps its words: %s %j', (type, payload) => {
    expect(shown(type, payload)).toContain('It is broken here')
    expect(shown(type, payload)).not.toContain('user_1')
  })

  it('names what cannot be shown, with its address', () => {
    expect(shown('sticker', { stickerUrl: 'https://x.test/s' })).toBe(
      '(a message of type “sticker” that cannot be shown here)\nhttps://x.test/s'
    )
  })

  it('repeats nothing, and shows no fields for machines', () => {
    const payload = {
      type: 'image',
      imageUrl: 'https://x.test/i.png',
      title: 'a',
      caption: 'a',
      additionalData: '{"a b":1}',
    }
    expect(shown('image', payload)).toBe('Image “a”: https://x.test/i.png')
    expect(toParts('choice', { text: 'pick', options: [{ label: 'Red one', value: 'red one' }] })).toHaveLength(2)
  })

  it('is plain text, and what the bot says is Markdown', () => {
    expect(toParts('text', { text: '*a*' }, 'customer')).toEqual([{ type: 'text', text: '*a*', format: 'plain' }])
    expect(toParts('text', { text: '*a*' }, 'bot')).toEqual([{ type: 'text', text: '*a*' }])
  })
})
