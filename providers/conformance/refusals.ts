/** Conformance: errors – their codes, and what they must not contain. */
import { describe, expect, it } from 'vitest'
import { isProviderError, type ProviderErrorCode } from '../errors'
import type { Fault } from '../kit/sandbox'
import { CUSTOMER_TEXT, type Suite } from './suite'

export const describeRefusals = ({ provider, setUp, openTicket, post }: Suite): void => {
  describe(`${provider.name}: errors`, () => {
    const PAGE = '<!doctype html><title>Not Found</title>'
    const cases: { title: string; fault: Omit<Fault, 'matches'>; code: ProviderErrorCode }[] = [
      { title: '401', fault: { kind: 'status', status: 401, times: 5 }, code: 'unauthorized' },
      { title: '403', fault: { kind: 'status', status: 403, times: 5 }, code: 'unauthorized' },
      { title: '404', fault: { kind: 'status', status: 404, body: {}, times: 5 }, code: 'not-found' },
      { title: '409', fault: { kind: 'status', status: 409, body: {}, times: 5 }, code: 'rejected' },
      { title: '422', fault: { kind: 'status', status: 422, body: {}, times: 5 }, code: 'rejected' },
      // Of the account, the address or a proxy: neither of the message nor of the ticket.
      ...[301, 302, 303, 307, 308, 402, 405, 406, 410, 421, 423, 424, 428, 451].map((status) => ({
        title: `${status}`,
        fault: { kind: 'status' as const, status, times: 9 },
        code: 'unavailable' as const,
      })),
      ...[400, 404, 410, 422].map((status) => ({
        title: `${status} with a page`,
        fault: { kind: 'status' as const, status, body: PAGE, times: 9 },
        code: 'unavailable' as const,
      })),
      {
        title: '429',
        fault: { kind: 'status', status: 429, times: 9, headers: { 'retry-after': '30' } },
        code: 'rate-limited',
      },
      { title: '500', fault: { kind: 'status', status: 500, times: 9 }, code: 'unavailable' },
      { title: 'no answer', fault: { kind: 'timeout', times: 9 }, code: 'unavailable' },
    ]

    it.each(cases)('$title becomes $code, without secrets or customer text', async ({ fault, code }) => {
      const fixture = await setUp({}, 300)
      const { ticket, customer } = await openTicket(fixture)
      // The ticket can still be read, except where nothing can.
      const isWrite = ({ method }: { method: string }): boolean => method !== 'GET' || code !== 'not-found'
      fixture.sandbox.server.addFault({
        ...fault,
        matches: (request) => isWrite(request) && !/oauth\/tokens/.test(request.path),
      })
      const error: unknown = await post(fixture, ticket, customer, [{ type: 'text', text: CUSTOMER_TEXT }]).catch(
        (thrown: unknown) => thrown
      )
      expect(isProviderError(error), String(error)).toBe(true)
      if (!isProviderError(error)) return
      expect(error.code).toBe(code)
      expect(error.message).toContain(`[${provider.name}]`)
      if (code === 'rate-limited') expect(error.retryAfterMs).toBeGreaterThan(2_000)
      // A refused message was not posted, so it can be sent again as is.
      if (fault.status !== undefined && fault.status < 500) expect(error.outcome).toBe('none')
      const printed = _print(error) + JSON.stringify(fixture.log.lines)
      expect(printed).not.toContain(CUSTOMER_TEXT)
      for (const [field, value] of Object.entries(fixture.config)) {
        if (/token|secret/i.test(field) && typeof value === 'string') expect(printed, field).not.toContain(value)
      }
    })

    it('reports refused credentials as unauthorized', async () => {
      const fixture = await setUp()
      fixture.sandbox.server.addFault({ kind: 'status', status: 401, times: 9 })
      const error: unknown = await fixture.driver.checkCredentials().catch((thrown: unknown) => thrown)
      expect(isProviderError(error) && error.code).toBe('unauthorized')
    })

    it('reports a message to a deleted ticket as ended', async () => {
      const fixture = await setUp()
      const { ticket, customer } = await openTicket(fixture)
      fixture.sandbox.remove(ticket.id)
      const error: unknown = await post(fixture, ticket, customer, [{ type: 'text', text: 'anyone?' }]).catch(
        (thrown: unknown) => thrown
      )
      expect(isProviderError(error)).toBe(true)
      if (isProviderError(error)) expect(error.code).toBe('ended')
    })
  })
}

/** Everything that printing an error can show: message, stack, fields and causes. */
const _print = (error: unknown): string => {
  const texts: string[] = []
  for (let current: unknown = error; current instanceof Error; current = current.cause)
    texts.push(current.message, current.stack ?? '', JSON.stringify(current))
  return texts.join('\n')
}
