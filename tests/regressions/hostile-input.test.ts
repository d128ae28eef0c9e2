/** Hostile input never blocks the process: reading time grows linearly with the length of a text. */
import { describe, expect, it } from 'vitest'
import { htmlToMarkdown, htmlToParts, htmlToText } from '../../providers/kit/html-to-markdown'
import { partsToText } from '../../providers/kit/message-text'
import { postsOf, written } from '../../providers/kit/posts'
import { createTestClock, recordLog } from '../../providers/conformance/tools'
import * as intercom from '../../providers/intercom/format'
import type { Driver, TicketRequest } from '../../providers/provider'
import { channelIdOf } from '../../providers/slack/config'
import { idToAddress } from '../../providers/slack/ids'
import { partsToPieces, transcriptToPieces } from '../../providers/slack/pieces'
import { messageToMarkdown } from '../../providers/slack/to-markdown'
import { escapeName, linkTo, plainName } from '../../providers/slack/to-mrkdwn'
import { readCursor } from '../../providers/zendesk/cursor'
import { withoutQuotations, withoutQuotedLines } from '../../providers/zendesk/quotations'
import * as zendesk from '../../providers/zendesk/format'
import { conversationIdOf } from '../../providers/zendesk/identity'
import { toParts } from '../../src/botpress/messages'
import { isInventedAddress, realAddress } from '../../src/botpress/people'
import { providers } from '../../src/definition/registry'
import { detectLanguage } from '../../src/routing/detect-language'
import { languageTagProblem } from '../../src/routing/language'
import { parseMoment } from '../../src/routing/moment'
import { parseOpeningHours } from '../../src/routing/opening-hours'
import { parseRouting } from '../../src/routing/parse-routing'
import { parseRuleLine } from '../../src/routing/rule-line'
import { onlyWords } from '../../src/routing/script'
import { parseSpecialDates } from '../../src/routing/special-dates'
import { timeZoneProblem } from '../../src/routing/time-zone'
import { parseWeek } from '../../src/routing/week-hours'
import { loadSandbox } from '../../playground/world'
import { excessiveGrowth } from '../support/effort'
import { DESKS } from './helpers'
import { HOSTILE, PLAIN, slowFor } from './hostile-strings'

const requestOf = (text: string): TicketRequest => ({
  conversationId: 'conv_01',
  botId: 'bot-1',
  title: text,
  description: text,
  customer: { id: 'user_eve', name: text, email: text },
  transcript: [{ author: 'customer', name: text, parts: [{ type: 'text', text }] }],
  options: { tags: [text] },
  mayExist: false,
})

const inRichText = (element: Record<string, unknown>) => ({
  text: '',
  blocks: [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [element] }] }],
})

const READERS: Record<string, (text: string) => unknown> = {
  'Markdown for Slack': (text) => partsToPieces([{ type: 'text', text }]),
  'a file for Slack': (text) => partsToPieces([{ type: 'file', kind: 'file', url: text, title: text }]),
  'a transcript for Slack': (text) => transcriptToPieces(requestOf(text).transcript),
  'names for Slack': (text) => [escapeName(text), plainName(text), linkTo(text)],
  'mrkdwn from Slack': (text) => messageToMarkdown({ text, blocks: undefined }, ['UBOT']),
  'rich text from Slack': (text) => messageToMarkdown(inRichText({ type: 'text', text }), ['UBOT']),
  'links from Slack': (text) =>
    messageToMarkdown(inRichText({ type: 'link', url: `https://x.test/${text}`, text }), []),
  'emoji and people from Slack': (text) => [
    messageToMarkdown(inRichText({ type: 'emoji', name: text, unicode: text }), []),
    messageToMarkdown(inRichText({ type: 'user', user_id: text }), []),
  ],
  'ids of Slack': (text) => {
    channelIdOf(text)
    try {
      idToAddress(text)
    } catch {
      // Most of the strings aren't ids.
    }
  },
  'HTML as Markdown': htmlToMarkdown,
  'HTML as parts': htmlToParts,
  'HTML as text': htmlToText,
  'text for Zendesk': (text) =>
    (['customer', 'bot'] as const).map((author) =>
      postsOf([{ type: 'text', text }], zendesk.writingOf(author)).map((post) =>
        written(post, zendesk.writingOf(author), new Map())
      )
    ),
  'a mail for Zendesk': (text) => [withoutQuotations(text), withoutQuotedLines(text)],
  'an opening for Zendesk': (text) => [
    zendesk.toOpening(text, text),
    zendesk.toSubject(text),
    zendesk.toName(text),
    zendesk.toTag(text),
    zendesk.toNotes(requestOf(text)),
  ],
  'ids and cursors of Zendesk': (text) => [readCursor(text), conversationIdOf(text)],
  'text for Intercom': (text) => [intercom.toPlainBody(text), intercom.toHtml(text), intercom.splitText(text)],
  'an opening for Intercom': (text) => [
    intercom.titleOf(requestOf(text)),
    intercom.openingOf(requestOf(text)),
    intercom.notesOf(requestOf(text)),
  ],
  'bodies from Intercom': (text) => [intercom.referenceIn(text), intercom.saysTheSame(text, text)],
  'a message from the bot': (text) => partsToText(toParts('text', { text })),
  'an e-mail address': (text) => [realAddress(text), isInventedAddress(text)],
  'words for language detection': onlyWords,
  'a language': languageTagProblem,
  'a time zone': timeZoneProblem,
  'a week of hours': parseWeek,
  'a line of hours, dates and zone': parseOpeningHours,
  'a rule': (text) => parseRuleLine(text, 'desk'),
  'a moment': (text) => parseMoment(text),
  'special dates': parseSpecialDates,
}

describe('hostile text', () => {
  it.each(Object.keys(READERS))('take linear time: %s', async (name) => {
    expect(await slowFor(READERS[name] ?? (() => undefined))).toBeUndefined()
  })

  it('take linear time in every field of the routing block', async () => {
    const desks = DESKS.map((provider) => ({ provider, title: provider, enabled: true }))
    const [first = ''] = DESKS
    const read = (text: string) =>
      parseRouting(
        {
          timeZone: text,
          defaultLanguage: text,
          desks: [{ desk: first, hours: text, dates: text, languages: text, timeZone: text }],
          rules: [
            { name: text, tags: text, priority: text, hours: text, desks: text, queue: text, addTags: text },
            text,
            `tags ${text} -> ${text}`,
            `hours ${text} and share ${text} -> ${first}; ${text}; tags ${text}`,
          ],
          thenDesks: text,
          preferredDesk: text,
          strategy: text,
          stickyDays: text,
          refusalTexts: [text, `en: ${text}`],
        },
        desks
      )
    // A block may hold 20 KB. Here each field does.
    for (const { title, of } of PLAIN)
      expect(await excessiveGrowth((length) => read(of(length)), 5_000), title).toBeUndefined()
  })

  it('of overlapping hours are rejected without listing every pair', async () => {
    const { problems } = parseWeek('Mon-Sun 09:00-10:00; '.repeat(300))
    expect(problems?.length).toBeGreaterThan(0)
    // People read these problems. Every pair of the 2,100 periods would make two million of them.
    expect(problems?.length).toBeLessThan(5_000)
    const read = (length: number) => parseWeek('Mon-Sun 09:00-10:00; '.repeat(length / 20))
    expect(await excessiveGrowth(read, 6_000)).toBeUndefined()
  })

  it('take linear time in language detection over 100 messages', async () => {
    for (const unit of ['•', '中', 'a', '.', 'https://', 'é@']) {
      const texts = (length: number) => Array.from({ length: 100 }, () => unit.repeat(length / unit.length))
      const detect = (length: number) => detectLanguage(texts(length), ['en', 'fr', 'ja'])
      expect(await excessiveGrowth(detect, 1_000), unit).toBeUndefined()
    }
  })

  it('in a link over many lines repeat its URL only a limited number of times', () => {
    for (const line of ['x<br>', '<p>x', '<li>x', '<b>x</b>']) {
      const html = `<a href="https://x.test/${'a'.repeat(60_000)}">${line.repeat(15_000)}`
      expect(htmlToMarkdown(html).length, line).toBeLessThan(10_000_000)
    }
    const link = { type: 'link', url: `https://x.test/${'a'.repeat(60_000)}`, text: 'x\n'.repeat(30_000) }
    const blocks = [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [link] }] }]
    expect(messageToMarkdown({ text: '', blocks }, []).length).toBeLessThan(1_000_000)
  })

  it('take linear time inside text that looks like fenced code', async () => {
    const patterns: ((length: number) => string)[] = [
      (length) => '*a_'.repeat(length / 3),
      (length) => `a@${'closed'.repeat(length / 6)}@`,
    ]
    for (const pattern of patterns) {
      for (const [before, after] of [
        ['```x`\n', '\n```'],
        ['~~~\n```\n~~~\n', '\n```'],
        ['````\n```\n````\n', '\n```'],
      ]) {
        const read = (length: number) => partsToPieces([{ type: 'text', text: `${before}${pattern(length)}${after}` }])
        expect(await excessiveGrowth(read, 20_000), `${before}${pattern(20)}`).toBeUndefined()
      }
    }
  })
})

describe.each(DESKS)('hostile text at %s', (desk) => {
  const connect = async (): Promise<{ driver: Driver; sandbox: Awaited<ReturnType<typeof loadSandbox>> }> => {
    const clock = createTestClock()
    const sandbox = await loadSandbox(desk, { now: clock.now })
    const provider = providers[desk]
    if (!provider) throw new Error(`There is no desk ${desk}`)
    const tools = { ...clock, log: recordLog(), timeoutMs: 1_000, transport: sandbox.server.transport }
    return { driver: provider.connect(provider.config.parse(sandbox.config), tools), sandbox }
  }

  it('take linear time in each field of the configuration', async () => {
    const { sandbox } = await connect()
    for (const field of Object.keys(providers[desk]?.config.shape ?? {})) {
      const slow = await slowFor((text) => {
        const parsed = providers[desk]?.config.safeParse({ ...sandbox.config, [field]: text })
        if (parsed?.success) providers[desk]?.checkConfig?.(parsed.data)
      })
      expect(slow, field).toBeUndefined()
    }
  })

  it('take linear time in a signature, a time stamp or a body', async () => {
    const { driver, sandbox } = await connect()
    const good = sandbox.signed('{}')
    for (const name of Object.keys(good.headers)) {
      const slow = await slowFor((text) =>
        driver.verifyWebhook({ ...good, headers: { ...good.headers, [name]: text } }, undefined)
      )
      expect(slow, name).toBeUndefined()
    }
    expect(await slowFor((body) => driver.parseWebhook({ ...good, body }))).toBeUndefined()
    const form = (text: string) => new URLSearchParams({ payload: JSON.stringify({ type: text }) }).toString()
    expect(await slowFor((text) => driver.parseWebhook({ ...good, body: form(text) }))).toBeUndefined()
  })

  it('take linear time as a customer’s e-mail address', async () => {
    const { driver } = await connect()
    const strings = HOSTILE.filter(({ title }) => title.includes('@'))
    for (const { title, of } of strings) {
      const ensure = (length: number) =>
        driver.ensureContact?.({ id: `user_${title}`, name: 'Eve', email: of(length) }).catch(() => undefined)
      expect(await excessiveGrowth(ensure, 30_000), title).toBeUndefined()
    }
    expect(strings.length).toBeGreaterThan(0)
  })
})
