import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, setUp, ticketRequest } from './testing'

afterEach(closeAll)

describe('a transcript that is too long for the thread', () => {
  const transcript = Array.from({ length: 500 }, (_unused, index) => ({
    author: 'customer' as const,
    name: 'Eve',
    parts: [{ type: 'text' as const, text: `entry ${index} <!here> ${'x'.repeat(100)}` }],
  }))
  const opened = async (fail?: (sandbox: Awaited<ReturnType<typeof setUp>>['sandbox']) => void) => {
    const setting = await setUp()
    fail?.(setting.sandbox)
    const ticket = await setting.openTicket({ transcript })
    return { ...setting, ticket, entries: setting.ticketAt(ticket).entries }
  }

  it('continues in further posts, and the whole of it is a file above them, for agents alone', async () => {
    const { entries } = await opened()
    const files = entries.flatMap(({ files: attached = [] }) => attached)
    expect(files).toMatchObject([{ name: 'transcript.txt' }])
    const whole = Buffer.from(files[0]?.bytes ?? []).toString('utf8')
    expect([...whole.matchAll(/entry (\d+) /g)]).toHaveLength(500)
    const shown = entries.slice(2)
    expect(shown.length).toBeGreaterThan(1)
    expect(shown[0]?.text).toContain('earlier messages are left out; the file above has the whole conversation)')
    expect(shown.at(-1)?.text).toContain('entry 499')
    expect(entries.map(({ kind }) => kind)).not.toContain('customer')
  })

  it('is there once, whatever attempts it takes', async () => {
    const { driver, ticket, ticketAt, sandbox } = await opened((box) => {
      const isShare = ({ path }: { path: string }) => path === '/api/files.completeUploadExternal'
      box.server.addFault({ kind: 'status', status: 500, effect: 'after', matches: isShare })
    })
    await driver.openTicket({ ...ticketRequest({ transcript }), mayExist: true })
    const entries = ticketAt(ticket).entries
    expect(entries.flatMap(({ files = [] }) => files)).toHaveLength(1)
    expect(new Set(entries.map(({ text }) => text)).size).toBe(entries.length)
    expect(sandbox.tickets().filter(({ conversationId }) => conversationId === 'conv_01')).toHaveLength(1)
  })

  it('does without the file where Slack refuses it', async () => {
    const { entries, log } = await opened((box) => box.switches.scopes.delete('files:write'))
    expect(entries.flatMap(({ files = [] }) => files)).toEqual([])
    expect(entries[1]?.text).toContain('earlier messages are left out)')
    expect(log.lines.map(({ message }) => message)).toContain('The transcript could not be uploaded')
  })
})
