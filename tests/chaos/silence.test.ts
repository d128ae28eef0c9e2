import { afterEach, describe, expect, it } from 'vitest'
import { markOf } from './actors'
import { listen, watchSecrets, type Ear } from './silence'

let ear: Ear | undefined
afterEach(() => ear?.stop())

describe('what is printed', () => {
  it.each([
    ['a customer’s words', `could not deliver: ${markOf(3, 'c', 1)} is what the customer said`],
    ['a credential', 'authorization: Bearer very-secret-token-1'],
  ])('is searched for %s', (_what, line) => {
    watchSecrets({ botToken: 'very-secret-token-1', channel: 'C0123456789' })
    ear = listen()
    console.info(line)
    process.stdout.write(line)
    const heard = ear.take()
    ear.stop()
    expect(heard).toHaveLength(2)
  })

  it('may name ids', () => {
    watchSecrets({ botToken: 'very-secret-token-1', channel: 'C0123456789' })
    ear = listen()
    console.warn('A message could not be delivered (conversationId=conv_1 channel=C0123456789)')
    const heard = ear.take()
    ear.stop()
    expect(heard).toEqual([])
  })
})
