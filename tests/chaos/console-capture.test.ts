import { afterEach, describe, expect, it } from 'vitest'
import { markOf } from './places'
import { captureConsole, watchSecrets, type ConsoleCapture } from './console-capture'

let capture: ConsoleCapture | undefined
afterEach(() => capture?.stop())

describe('captured output', () => {
  it.each([
    ['a customer’s message', `could not deliver: ${markOf(3, 'c', 1)} is what the customer said`],
    ['a credential', 'authorization: Bearer very-secret-token-1'],
  ])('reports %s', (_what, line) => {
    watchSecrets({ botToken: 'very-secret-token-1', channel: 'C0123456789' })
    capture = captureConsole()
    console.info(line)
    process.stdout.write(line)
    const canaries = capture.takeCanaries()
    capture.stop()
    expect(canaries).toHaveLength(2)
  })

  it('allows ids', () => {
    watchSecrets({ botToken: 'very-secret-token-1', channel: 'C0123456789' })
    capture = captureConsole()
    console.warn('A message could not be delivered (conversationId=conv_1 channel=C0123456789)')
    const canaries = capture.takeCanaries()
    capture.stop()
    expect(canaries).toEqual([])
  })
})
