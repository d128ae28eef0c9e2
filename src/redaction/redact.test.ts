import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excessiveGrowth } from '../../tests/support/effort'
import { readHideLines, type Audience } from './hide-lines'
import { createRedactor, patternProblem } from './redact'

const hide = async (text: string, lines: string[], audience: Audience = 'agents'): Promise<string> => {
  const { lines: read, problems } = readHideLines(lines)
  expect(problems).toEqual([])
  return (await createRedactor(read, audience)).redact(text)
}

describe('lines', () => {
  it.each([
    ['cards', { kinds: ['cards'], patterns: [], audiences: ['agents', 'transcripts', 'customers'] }],
    ['IBANs and e-mails from agents', { kinds: ['ibans', 'emails'], patterns: [], audiences: ['agents'] }],
    [
      'E‑Mails; phones from customers, transcripts',
      { kinds: ['emails', 'phones'], patterns: [], audiences: ['customers', 'transcripts'] },
    ],
    ['/AB-\\d{6}/ from agents', { kinds: [], patterns: ['AB-\\d{6}'], audiences: ['agents'] }],
    [
      'cards, /a,b from c\\/d/',
      { kinds: ['cards'], patterns: ['a,b from c\\/d'], audiences: ['agents', 'transcripts', 'customers'] },
    ],
  ])('%s', (line, expected) => {
    expect(readHideLines([line])).toEqual({ lines: [expected], problems: [] })
  })

  it.each([
    ['passports', "can't be hidden"],
    ['cards from managers', "isn't somebody"],
    ['from agents', ''],
    ['cards from', ''],
    [',', 'nothing to hide'],
    ['/open', "isn't a pattern"],
    [`cards ${'x'.repeat(600)}`, 'longer than'],
  ])('%s is refused with advice', (line, problem) => {
    const { lines, problems } = readHideLines(['cards', line])
    expect(lines).toHaveLength(1)
    expect(problems).toEqual([{ index: 1, problem: expect.stringContaining(problem) as string }])
  })

  it('that are empty or no text say nothing', () => {
    expect(readHideLines(['', ' ', undefined, 7, null])).toEqual({ lines: [], problems: [] })
  })
})

describe('what is hidden', () => {
  it.each([
    ['cards', 'My card is 4111 1111 1111 1111, thanks', 'My card is [card number hidden], thanks'],
    ['cards', '4111-1111-1111-1111.', '[card number hidden].'],
    ['cards', '4111\u00a01111\u200b11111111 and 378282246310005', '[card number hidden] and [card number hidden]'],
    ['cards', 'order 4111111111111112 of 2026', 'order 4111111111111112 of 2026'],
    ['ibans', 'Pay DE89 3704 0044 0532 0130 00 now', 'Pay [IBAN hidden] now'],
    ['ibans', 'gb82west12345698765432', '[IBAN hidden]'],
    ['ibans', 'AB12 is no account', 'AB12 is no account'],
    ['e-mails', 'Write to eve.o+x@mail.example.co.uk!', 'Write to [e-mail address hidden]!'],
    ['e-mails', 'jörg@müller.de', '[e-mail address hidden]'],
    ['phones', 'Call +33 1 23 45 67 89 or (555) 123-4567.', 'Call [phone number hidden] or [phone number hidden].'],
    ['phones', '030/1234 5678', '[phone number hidden]'],
    ['phones', 'I was born in 1985 and have 3 cats', 'I was born in 1985 and have 3 cats'],
    ['/AB-\\d{6}/', 'Contract AB-123456!', 'Contract [text hidden]!'],
  ])('%s: %s', async (line, text, expected) => {
    expect(await hide(text, [line])).toBe(expected)
  })

  it('is hidden from whom the line names', async () => {
    const text = 'a@b.example'
    expect(await hide(text, ['e-mails from agents'], 'agents')).toBe('[e-mail address hidden]')
    expect(await hide(text, ['e-mails from agents'], 'customers')).toBe(text)
    expect(await hide(text, [], 'agents')).toBe(text)
  })

  it('overlapping findings are hidden once, and nothing of them stays', async () => {
    const text = await hide('so 4111111111111111 yes', ['cards', '/1111 ye/', '/o 41/'])
    expect(text).toBe('s[text hidden]s')
  })

  it('hides the same again from its own result', async () => {
    const line = 'cards, IBANs, e-mails, phones'
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('4111 1111 1111 1111', 'a@b.io', '+4930123456'),
        async (text, secret) => {
          const once = await hide(`${text} ${secret} ${text}`, [line])
          expect(once).not.toContain(secret)
          expect(await hide(once, [line])).toBe(once)
        }
      ),
      { seed: 7, numRuns: 100 }
    )
  })
})

describe('hostile texts and patterns', () => {
  it.each(['1 ', 'a', '0/ ', 'a@', 'DE12', '+49 1'])('cost time that grows with their length: %j', async (piece) => {
    const lines = ['cards, IBANs, e-mails, phones', '/(a+)+$x/', '/(a|a)*b/']
    const growth = await excessiveGrowth((length) => hide(piece.repeat(length), lines), 300)
    expect(growth).toBeUndefined()
  })

  it.each([
    ['(', "can't be used"],
    ['(?=a)b', "can't be used"],
    ['(a)\\1', "can't be used"],
    ['a*', 'fits everywhere'],
  ])('%s is refused', async (pattern, problem) => {
    expect(await patternProblem(pattern)).toContain(problem)
  })
})
