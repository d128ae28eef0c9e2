import { describe, expect, it } from 'vitest'
import { addressesIn, fileKey } from './addresses'

describe('addresses in a text', () => {
  it.each([
    ['see https://x.test/a.', ['https://x.test/a']],
    ['[it](https://x.test/(a))', ['https://x.test/(a)']],
    ['(https://x.test) <https://y.test>', ['https://x.test', 'https://y.test']],
    ['请看https://x.test/a，谢谢', ['https://x.test/a']],
    ['*https://x.test/a_b*', ['https://x.test/a_b']],
    ['no address', []],
  ])('%j', (text, expected) => {
    const pieces = addressesIn(text)
    expect(pieces.filter((_piece, index) => index % 2 === 1)).toEqual(expected)
    expect(pieces.join('')).toBe(text)
  })
})

describe('the identity of a file', () => {
  const key = fileKey('https://acme.zendesk.com/attachments/token/abc/?name=a%20(1).png')

  it.each([
    'https://acme.zendesk.com/attachments/token/abc/?name=a%20%281%29.png',
    'https://support.acme.test/attachments/token/abc/?name=a%20(1).png',
    '//acme.zendesk.com/attachments/token/abc?name=a (1).png',
    'https://acme.zendesk.com/attachments/token/abc/?name=a%20(1).png&expires=17&signature=x',
  ])('is the same under %s', (address) => {
    expect(fileKey(address)).toBe(key)
  })

  it.each([
    'https://acme.zendesk.com/attachments/token/abd/?name=a%20(1).png',
    'https://acme.zendesk.com/',
    'no address',
  ])('is another under %s', (address) => {
    expect(fileKey(address)).not.toBe(key)
  })
})
