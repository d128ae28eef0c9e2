import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanText, cutBefore, escapedLine, oneLine, shorten, wellFormed } from './text'

describe('shorten', () => {
  it('keeps what fits, and cuts between characters', () => {
    expect(shorten('word', 4)).toBe('word')
    expect(shorten('words', 4)).toBe('wor…')
    expect(shorten('ab👩‍👩‍👧x', 9)).toBe('ab…')
    expect(shorten('ae\u0301e\u0301', 4)).toBe('ae\u0301…')
    expect(shorten('🇫🇷🇩🇪', 6)).toBe('🇫🇷…')
  })

  it('never exceeds the limit and never cuts inside a pair', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, limit) => {
        const short = shorten(text, limit)
        expect(short.length).toBeLessThanOrEqual(limit)
        expect(short).not.toMatch(/\p{Surrogate}/u)
        if (text.length > 1) {
          const at = cutBefore(text, Math.min(limit, text.length - 1))
          expect(at).toBeGreaterThan(0)
        }
      })
    )
  })
})

describe('what comes from outside', () => {
  it('becomes well-formed, with one kind of line break and without control characters', () => {
    expect(wellFormed('a\ud83d b\udc00')).toBe('a\ufffd b\ufffd')
    expect(cleanText('a\r\nb\rc\u2028d\u0000\u001b[2J\te')).toBe('a\nb\nc\nd[2J\te')
  })

  it('becomes one line as a name', () => {
    expect(oneLine(' Eve\n\u202eCustomer\u200b\u0000 ', 50)).toBe('Eve Customer')
    expect(oneLine('\u2060\ufeff', 50)).toBe('')
    expect(oneLine('x'.repeat(300), 200)).toHaveLength(200)
  })

  it('becomes one escaped line in logs and errors', () => {
    expect(escapedLine('a\n[router] all is well\u001b[2J\u202e', 100)).toBe('a\\n[router] all is well\\u001b[2J\\u202e')
    expect(escapedLine('x'.repeat(300), 100)).toHaveLength(100)
  })
})
