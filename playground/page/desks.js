import { button, byId, element, fillChat, keepDraft, once, onSubmit, setChildren, setOptions, setText } from './dom.js'

/** The agents' side: a column per desk and a card per ticket. Cards are updated in place, so typed text is kept. */
export const createDeskPanel = ({ move }) => {
  const desks = byId('desks')

  const makeTicket = (desk, agent, { id, status }) => {
    const summary = element('summary', {}, element('h4'), element('span', { className: 'status' }))
    const text = element('input', {
      placeholder: 'Reply as the agent…',
      autocomplete: 'off',
      ariaLabel: 'Reply',
      maxLength: 10_000,
    })
    const draft = keepDraft(text, `${desk} ${id}`)
    const act = (name) => move('/api/agent', { desk, ticket: id, move: name, agentId: agent.value, text: text.value })
    const write = (name) => async () => {
      if (text.value.trim() !== '' && (await act(name))) draft.clear()
      text.focus()
    }
    const plain = (name) => once(() => move('/api/agent', { desk, ticket: id, move: name, agentId: agent.value }))
    const form = element(
      'form',
      { className: 'line' },
      text,
      element('button', { className: 'primary', textContent: 'Reply' })
    )
    onSubmit(form, write('reply'))
    return element(
      'details',
      { className: 'ticket', open: status === 'open' },
      summary,
      element('p', { className: 'meta' }),
      element('ol', { className: 'chat', tabIndex: 0, ariaLabel: 'What the agents see' }),
      form,
      element(
        'div',
        { className: 'moves' },
        button('Note', once(write('note')), { title: 'Only agents see notes' }),
        button('Assign to me', plain('assign'), { className: 'assign' }),
        button('Solve', plain('solve'), { className: 'solve' }),
        button('Reopen', plain('reopen'), { className: 'reopen' })
      )
    )
  }

  const updateTicket = (card, ticket) => {
    card.classList.toggle('mine', ticket.isOfCustomer)
    setText(card.querySelector('h4'), ticket.title)
    const status = card.querySelector('.status')
    setText(status, ticket.status)
    status.dataset.status = ticket.status
    const assignment = ticket.assignee ? `assigned to ${ticket.assignee}` : 'unassigned'
    const customer = ticket.isOfCustomer ? `${ticket.customer} (the customer you are)` : ticket.customer
    setText(card.querySelector('.meta'), `${customer} · ${assignment}`)
    card.querySelector('.solve').hidden = ticket.status !== 'open'
    card.querySelector('.reopen').hidden = ticket.status === 'open'
    fillChat(card.querySelector('.chat'), ticket.entries)
  }

  const makeDesk = ({ name, title }) =>
    element(
      'article',
      { className: 'panel desk', id: `desk-${name}`, ariaLabel: title },
      element(
        'div',
        { className: 'head' },
        element('h2', { textContent: title }),
        element('select', { ariaLabel: `Which agent of ${title} you are` })
      ),
      element('p', { className: 'meta empty', textContent: 'No tickets yet.' }),
      element('div', { className: 'tickets' })
    )

  const updateDesk = (column, { name, agents, tickets }) => {
    const agent = column.querySelector('.head select')
    setOptions(
      agent,
      agents.map((person) => ({ value: person.id, label: person.name }))
    )
    column.querySelector('.empty').hidden = tickets.length > 0
    setChildren(
      column.querySelector('.tickets'),
      tickets,
      ({ id }) => id,
      (ticket) => makeTicket(name, agent, ticket),
      updateTicket
    )
  }

  return (state) => setChildren(desks, state.desks, ({ name }) => name, makeDesk, updateDesk)
}
