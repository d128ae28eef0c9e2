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
