import { byId, fillChat, keepDraft, once, onSubmit, setOptions, setText } from './dom.js'

/** The customer's side. `move` calls the API and refreshes the page. It resolves to whether the call succeeded. */
export const createCustomerPanel = ({ move, choose }) => {
  const [who, standing, chat, say, start, end] = ['who', 'standing', 'chat', 'say', 'start', 'end'].map(byId)
  const { text } = say.elements
  const draft = keepDraft(text, 'customer')
  keepDraft(start.elements.title, 'subject')
  let customer

  who.addEventListener('change', () => void choose(who.value))
  byId('new-customer').addEventListener(
    'click',
    once(() => choose(undefined))
  )
  onSubmit(say, async () => {
    if (text.value.trim() !== '' && (await move('/api/say', { customer, text: text.value }))) draft.clear()
    text.focus()
  })
  onSubmit(start, async () => {
    const { title, provider } = start.elements
    if (await move('/api/start', { customer, title: title.value, provider: provider.value })) text.focus()
  })
  end.addEventListener(
    'click',
    once(async () => {
      if (await move('/api/end', { customer })) text.focus()
    })
  )

  return (state) => {
    customer = state.customer.id
    const names = state.customers.map(({ id, name, isActive }) => ({
      value: id,
      label: isActive ? `${name} (with an agent)` : name,
    }))
    setOptions(who, names)
    who.value = customer
    const desks = state.desks.map(({ name, title }) => ({ value: name, label: title }))
    setOptions(start.elements.provider, [{ value: '', label: 'Let routing decide' }, ...desks])
    const { isActive } = state.customer
    start.hidden = isActive
    end.hidden = !isActive
    const desk = state.desks.find(({ tickets }) => tickets.some((ticket) => ticket.isOfCustomer))
    setText(standing, isActive ? `With the agents of ${desk?.title ?? 'a desk'}` : 'With the bot')
    fillChat(chat, state.customer.chat)
  }
}
