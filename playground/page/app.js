const POLL_MS = 700
const byId = (id) => document.getElementById(id)
const element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties)
  node.append(...children)
  return node
}

let customer
let shown = ''

const call = async (path, body) => {
  const response = await fetch(path, {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body ? JSON.stringify(body) : undefined,
  })
  const answer = await response.json()
  byId('error').textContent = response.ok ? '' : answer.error
  return answer
}

const line = ({ from, name, text }) =>
  element('li', { className: `from-${from}` }, element('small', { textContent: name }), document.createTextNode(text))

const fill = (list, entries) => {
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 30
  list.replaceChildren(...entries.map(line))
  if (atEnd) list.scrollTop = list.scrollHeight
}

const move = (desk, ticket, name, more = {}) => call('/api/agent', { desk, ticket, move: name, ...more }).then(refresh)

const ticketCard = (desk, ticket, agents) => {
  const list = element('ol', { className: 'chat' })
  fill(list, ticket.entries)
  const agent = element('select', { ariaLabel: 'Agent' }, ...agents.map(({ id, name }) => element('option', { value: id, textContent: name })))
  agent.value = ticket.assignee ?? agents[0]?.id ?? ''
  const text = element('input', { placeholder: 'Reply as the agent…', autocomplete: 'off', ariaLabel: 'Reply' })
  const button = (label, action) => element('button', { type: 'button', textContent: label, onclick: action })
  const reply = element(
    'form',
    {
      className: 'reply',
      onsubmit: (event) => {
        event.preventDefault()
        if (text.value) void move(desk, ticket.id, 'reply', { text: text.value, agentId: agent.value })
      },
    },
    agent,
    text,
    element('button', { className: 'primary', textContent: 'Reply' }),
    button('Note', () => text.value && move(desk, ticket.id, 'note', { text: text.value, agentId: agent.value })),
    button('Assign', () => move(desk, ticket.id, 'assign', { agentId: agent.value })),
    ticket.status === 'open'
      ? button('Solve', () => move(desk, ticket.id, 'solve', { agentId: agent.value }))
      : button('Reopen', () => move(desk, ticket.id, 'reopen'))
  )
  return element(
    'div',
    { className: 'ticket' },
    element('span', { className: `status ${ticket.status}`, textContent: ticket.status }),
    element('h3', { textContent: ticket.title }),
    element('p', { className: 'empty', textContent: `Ticket ${ticket.id} · ${ticket.customer}` }),
    list,
    reply
  )
}

const isTyping = () => document.activeElement?.matches('.reply input') && document.activeElement.value !== ''

const show = (state) => {
  const select = byId('start').elements.provider
  if (select.options.length === 0) {
    select.append(element('option', { value: '', textContent: 'let routing decide' }))
    for (const desk of state.desks) select.append(element('option', { value: desk.name, textContent: desk.title }))
  }
  fill(byId('chat'), state.chat)
  byId('routing').textContent = state.routing || 'No handoff yet.'
  const serialised = JSON.stringify(state.desks)
  if (serialised === shown || isTyping()) return
  shown = serialised
  byId('desks').replaceChildren(
    ...state.desks.map((desk) =>
      element(
        'article',
        { className: 'desk' },
        element('h3', { textContent: desk.title }),
        ...(desk.tickets.length === 0
          ? [element('p', { className: 'empty', textContent: 'No tickets.' })]
          : desk.tickets.map((ticket) => ticketCard(desk.name, ticket, desk.agents)))
      )
    )
  )
}

const refresh = async () => {
  if (!customer) customer = (await call('/api/customers', {})).customer
  show(await call(`/api/state?customer=${encodeURIComponent(customer)}`))
}

byId('start').addEventListener('submit', async (event) => {
  event.preventDefault()
  const { name, provider, title } = Object.fromEntries(new FormData(event.target))
  await call('/api/start', { customer, name, provider: provider || undefined, title })
  await refresh()
})
byId('say').addEventListener('submit', async (event) => {
  event.preventDefault()
  const input = event.target.elements.text
  const text = input.value
  input.value = ''
  await call('/api/say', { customer, text })
  await refresh()
})
byId('end').addEventListener('click', () => call('/api/end', { customer }).then(refresh))
byId('newCustomer').addEventListener('click', async () => {
  customer = undefined
  await refresh()
})

await refresh()
setInterval(() => void refresh().catch(() => undefined), POLL_MS)
