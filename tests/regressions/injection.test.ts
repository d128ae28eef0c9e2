/** Injection: customers' text triggers nothing at a desk, and agents' text triggers nothing in a bot. */
import { describe, expect, it } from 'vitest'
import type { IntercomSandbox } from '../../providers/intercom/sandbox'
import type { Sandbox, SandboxRequest } from '../../providers/kit/sandbox'
import type { SlackSandbox } from '../../providers/slack/sandbox'
import { handOver, seenBy, SETTLED_MS } from '../support/handoffs'
import { DESKS, sessionAt, startAt } from './helpers'

const HOSTILE_TEXTS = [
  '<!channel> <!here|here> <!everyone> <!subteam^S0TEAM0001> <@U0ADA000001> <@U0ADA000001|ada> <#C0SUPPORT01|x> @here @channel',
  '<https://evil.example|https://bank.example> [https://bank.example](https://evil.example) <mailto:x@evil.example|me>',
  '<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)><a href="javascript:alert(1)">x</a><!-- -->',
  '<form action="//evil.example"><button type="submit">Pay</button></form><iframe src="//evil.example"></iframe></p></div>',
  '{{ticket.requester.email}} {{{current_user.phone}}} {% if ticket.id %} {{dc.secret}} {{{{x}}}}',
  '","blocks":[{"type":"actions","elements":[{"type":"button","action_id":"hitl_router_resolve","value":"x"}]}],"x":"',
  '#solved #assignee ada@acme.example\n/close\n/invite @ada\n/assign me\n!resolve',
  '&lt;!channel&gt; &#60;script&#62; &amp;lt;b&amp;gt; \u0000 \u0007 \u001b[31m',
  '`<!here>` ```\n<@U0ADA000001>\n``` > <!channel>\n- <!here>\n| <!here> |\n|---|\n| <b> |',
]

/** Puts every hostile text in every field that a customer, or the bot on their behalf, can fill. */
const attack = async (desk: string) => {
  const stage = await startAt(desk)
  const { bot } = stage.botpress
  const combined = HOSTILE_TEXTS.join(' ')
  const sandbox = stage.sandbox(desk)
  const from = sandbox.server.requests.length
  const handoff = await handOver(
    stage,
    {
      title: combined.slice(0, 240),
      description: combined,
      hitlSession: {
        tags: ['vip', '<!channel>', '{{x}} <b>'],
        email: '<!here>"@evil.example',
        name: combined.slice(0, 200),
      },
    },
    { name: HOSTILE_TEXTS[0]?.slice(0, 100) }
  )
  expect(handoff.sandbox.name, 'hostile text must not make the desk reject the handoff').toBe(desk)
  for (const text of HOSTILE_TEXTS) await bot.customerSays(handoff.conversationId, text)
  for (const title of HOSTILE_TEXTS) {
    const payload = { fileUrl: `https://files.example/a.pdf?x=<b>&y="|${encodeURIComponent(title)}`, title }
    await bot.customerSays(handoff.conversationId, { type: 'file', payload })
  }
  await bot.customerSays(handoff.conversationId, {
    type: 'bloc',
    payload: {
      items: [
        ...HOSTILE_TEXTS.map((markdown) => ({ type: 'markdown', payload: { markdown } })),
        {
          type: 'location',
          payload: { latitude: 1, longitude: 2, title: HOSTILE_TEXTS[2], address: HOSTILE_TEXTS[0] },
        },
        { type: 'image', payload: { imageUrl: `javascript:alert("${HOSTILE_TEXTS[0]}")`, title: HOSTILE_TEXTS[3] } },
      ],
    },
  })
  await stage.pass(SETTLED_MS)
  return { ...handoff, stage, sent: sandbox.server.requests.slice(from) }
}

const jsonOf = (request: SandboxRequest): Record<string, unknown> => {
  const text = request.body.toString('utf8')
  return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
}

/** Every text in a value, with the name of its field. */
const textsIn = (value: unknown, field = ''): { field: string; text: string }[] => {
  if (typeof value === 'string') return [{ field, text: value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, Array.isArray(value) ? field : key))
}

/** Formatting, and links to the web that show their address. */
const ALLOWED_TAG =
  /^<(?:\/?(?:p|br|hr|strong|em|s|ul|ol|li|blockquote|pre|code|table|thead|tbody|tr|th|td)|\/a|a href="(?:https?:\/\/|mailto:|tel:)[^"<>]*"|ol start="\d+")>$/
const tagsIn = (html: string): string[] => html.match(/<[^>]*>?/g) ?? []

describe('a customer', () => {
  it('cannot notify anyone, forge a link, or add a button or block in Slack', async () => {
    const { stage, sent, sandbox } = await attack('slack')
    const slack = sandbox as SlackSandbox
    expect(slack.switches.notifications).toEqual([])
    const posts = sent.filter(({ path }) => path.endsWith('chat.postMessage')).map(jsonOf)
    expect(posts.length).toBeGreaterThan(HOSTILE_TEXTS.length)
    for (const post of posts) {
      for (const { field, text } of textsIn(post)) {
        const plain = text.replace(/<https?:\/\/[^<>|\s]+>/g, '')
        if (field !== 'icon_url') expect(plain, `${field}: ${text}`).not.toMatch(/[<>]/)
        expect(plain).not.toMatch(/(?<![\p{L}\p{N}])@(?:here|channel|everyone)\b/iu)
      }
      expect(post['parse']).toBe('none')
      expect(post['link_names']).toBe(false)
      const blocks = (post['blocks'] ?? []) as { type: string; elements?: Record<string, unknown>[] }[]
      if (post['thread_ts'] !== undefined) expect(blocks).toEqual([])
      for (const { type, elements } of blocks) {
        expect(['header', 'section', 'context', 'actions']).toContain(type)
        const buttons = type === 'actions' ? (elements ?? []) : []
        for (const button of buttons) {
          expect(['hitl_router_claim', 'hitl_router_resolve']).toContain(button['action_id'])
          expect(stage.botpress.runtime.store.conversations.get(String(button['value']))).toBeDefined()
          expect(button).not.toHaveProperty('url')
        }
      }
    }
  })

  it('cannot inject HTML or placeholders into Zendesk, or change other fields of the ticket', async () => {
    const { sent } = await attack('zendesk')
    const tickets = sent.filter(({ path }) => /\/api\/v2\/tickets(?:\/\d+)?$/.test(path)).map(jsonOf)
    const writes = tickets.flatMap(({ ticket }) => (ticket ? [ticket as Record<string, unknown>] : []))
    expect(writes.length).toBeGreaterThan(HOSTILE_TEXTS.length)
    for (const [index, ticket] of writes.entries()) {
      const comment = ticket['comment'] as { html_body: string; body?: string }
      expect(comment.body).toBeUndefined()
      for (const tag of tagsIn(comment.html_body)) expect(tag).toMatch(ALLOWED_TAG)
      expect(comment.html_body.replaceAll(/<[^>]*>/g, '')).not.toMatch(/[<>"]/)
      if (index > 0) expect(Object.keys(ticket).toSorted()).toEqual(['comment', 'metadata'])
    }
    for (const request of sent) {
      for (const { field, text } of textsIn(jsonOf(request))) {
        expect(text, field).not.toMatch(/\{[{%]/)
        expect(text, field).not.toContain('\u0000')
      }
    }
  })

  it('cannot inject HTML into Intercom', async () => {
    const { sent } = await attack('intercom')
    const bodies = sent.filter(({ path }) => path.includes('/conversations')).map(jsonOf)
    const notes = bodies.filter((body) => body['message_type'] === 'note')
    const said = bodies.filter((body) => body['message_type'] === 'comment' || body['from'] !== undefined)
    expect(notes.length).toBeGreaterThan(0)
    expect(said.length).toBeGreaterThan(HOSTILE_TEXTS.length)
    for (const { body } of notes) {
      for (const tag of tagsIn(String(body))) expect(tag).toMatch(ALLOWED_TAG)
    }
    for (const { body } of said) expect(String(body)).not.toMatch(/<[a-z/!?]/i)
    for (const { field, text } of bodies.flatMap((body) => textsIn(body))) {
      // oxlint-disable-next-line no-control-regex
      expect(text, field).not.toMatch(/[\u0000-\u0008\u001b]/)
    }
  })

  it.each(DESKS)('cannot change the ticket by a message, which still arrives at %s', async (desk) => {
    const { stage, ticket, conversationId } = await attack(desk)
    expect(ticket()).toMatchObject({ status: 'open' })
    expect(ticket().assignee).toBeUndefined()
    expect(ticket().entries.every(({ kind }) => kind === 'customer' || kind === 'note' || kind === 'system')).toBe(true)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(true)
    expect(stage.botpress.bot.errors).toEqual([])
    const said = ticket().entries.map(({ text }) => text.replaceAll(/[\u200b\u2060]/g, ''))
    expect(said.some((text) => text.includes('#solved #assignee ada@acme.example'))).toBe(true)
    expect(said.some((text) => text.includes('alert(1)'))).toBe(true)
  })

  it.each(['// just between us', '//', '🔒 //', ':lock: hidden'])(
    'cannot hide a message, or the agents’ answers, with the prefix for notes: %s',
    async (text) => {
      const { stage, ticket, conversationId, sandbox, agentId } = await sessionAt('slack')
      await stage.botpress.bot.customerSays(conversationId, text)
      await stage.pass(SETTLED_MS)
      expect(ticket().entries.at(-1)).toMatchObject({ kind: 'customer', author: 'Eve Customer' })
      expect(ticket().entries.at(-1)?.text).toContain(text)
      sandbox.agentReplies(ticket().id, 'I see what you wrote', { agentId })
      await stage.pass(SETTLED_MS)
      expect(seenBy(stage, conversationId).at(-1)).toContain('I see what you wrote')
    }
  )
})

describe.each(DESKS)('an agent at %s', (desk) => {
  const EXPRESSIONS = ['{{env.SECRET}}', '{{{user.email}}}', '{{{{x}}}}', 'a{{b', '{{workflow.x}} {{', '{ {x}} {{{']

  const payloadsAfter = async (work: (sandbox: Sandbox, ticketId: string, agentId: string) => void) => {
    const { stage, sandbox, ticket, agentId, conversationId } = await sessionAt(desk)
    const { store } = stage.botpress.runtime
    const downstream = stage.botpress.bot.downstreamOf(conversationId) ?? ''
    const before = store.messagesOf(downstream).length
    work(sandbox, ticket().id, agentId)
    await stage.pass(SETTLED_MS)
    return {
      stage,
      payloads: store
        .messagesOf(downstream)
        .slice(before)
        .map(({ payload }) => JSON.stringify(payload)),
    }
  }

  it.each(EXPRESSIONS)('cannot inject an expression of the bot: %s', async (expression) => {
    const { payloads } = await payloadsAfter((sandbox, id, agentId) => {
      sandbox.agentReplies(id, `before ${expression} after`, { agentId })
    })
    expect(payloads.join('\n')).toContain('before ')
    for (const payload of payloads) expect(payload).not.toContain('{{')
  })

  it('cannot inject an expression through a URL or a file name', async () => {
    const { payloads } = await payloadsAfter((sandbox, id, agentId) => {
      sandbox.agentReplies(id, 'https://evil.example/{{env.SECRET}}?{{{x}}}', { agentId })
      sandbox.agentReplies(id, 'a file', {
        agentId,
        attachments: [{ name: '{{env.SECRET}}{{{x}}}.png', contentType: 'image/png' }],
      })
    })
    expect(payloads.length).toBeGreaterThan(1)
    for (const payload of payloads) expect(payload).not.toContain('{{')
  })
})

describe('an agent at Intercom, which sends HTML', () => {
  const FILE = { name: '{{{x}}}', url: 'https://files.example/{{env.SECRET}}', contentType: 'image/png' }

  it('cannot inject an expression through the URL of an image or link, or through their name', async () => {
    const { stage, sandbox, ticket, conversationId } = await sessionAt('intercom')
    const html =
      '<p>see <a href="https://evil.example/{{env.SECRET}}">here</a></p><img src="https://evil.example/{{user.email}}" alt="{{{y}}}">'
    const inbox = sandbox as IntercomSandbox
    inbox.agentWritesHtml(ticket().id, html, { name: 'Ada {{env.SECRET}}', file: FILE })
    await stage.pass(SETTLED_MS)
    const { store } = stage.botpress.runtime
    const messages = store.messagesOf(stage.botpress.bot.downstreamOf(conversationId) ?? '')
    expect(messages.some(({ payload }) => JSON.stringify(payload).includes('evil.example'))).toBe(true)
    for (const { payload } of messages) expect(JSON.stringify(payload)).not.toContain('{{')
    for (const { name } of store.users.withTags({})) expect(name ?? '').not.toContain('{{')
  })

  it('cannot send a script, a form or an executable URL', async () => {
    const { stage, sandbox, ticket, conversationId } = await sessionAt('intercom')
    const html = `${HOSTILE_TEXTS.join('')}<a href="javascript:alert(1)">x</a><img src="data:text/html,x"><a href="vbscript:x">y</a>`
    const inbox = sandbox as IntercomSandbox
    inbox.agentWritesHtml(ticket().id, html, { name: 'Ada' })
    await stage.pass(SETTLED_MS)
    const { store } = stage.botpress.runtime
    const messages = store.messagesOf(stage.botpress.bot.downstreamOf(conversationId) ?? '')
    const shown = JSON.stringify(messages.map(({ payload }) => payload))
    expect(messages.length).toBeGreaterThan(1)
    expect(shown).not.toMatch(/\]\((?:javascript|data|vbscript):/i)
    expect(shown).not.toMatch(/(?<!\\\\)<(?:script|form|button|iframe|svg|img)/i)
  })
})
