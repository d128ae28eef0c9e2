import { createCustomerPanel } from './customer.js'
import { createDeskPanel } from './desks.js'
import { button, byId, element, once, setChildren, setText } from './dom.js'

const POLL_MS = 700
const error = byId('error')
let customer = sessionStorage.getItem('customer') ?? undefined
let routing

const showError = (text) => {
  setText(error, text)
  error.hidden = text === ''
}

const call = async (path, body) => {
  const response = await fetch(path, {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body ? JSON.stringify(body) : undefined,
  })
  return { status: response.status, answer: await response.json() }
}

const choose = async (id) => {
  customer = id ?? (await call('/api/customers', {})).answer.customer
  sessionStorage.setItem('customer', customer)
  await refresh()
}

/** Makes a move, shows its error if it fails, and refreshes the page. Resolves to whether it succeeded. */
const move = async (path, body) => {
  try {
    const { status, answer } = await call(path, body)
    showError(status === 200 ? '' : answer.error)
    await refresh()
    return status === 200
  } catch {
    showError(UNREACHABLE)
    return false
  }
}

const showCustomer = createCustomerPanel({ move, choose })
const showDesks = createDeskPanel({ move })

/** Number of choices in flight. Meanwhile an older state of the server must not reset the page. */
let choicesInFlight = 0

const saveRouting = async (choice) => {
  choicesInFlight += 1
  try {
    return await move('/api/routing', { strategy: routing.strategy, order: routing.order, ...choice })
  } finally {
    choicesInFlight -= 1
  }
}

const shift = (name, by) => {
  const order = routing.order.filter((other) => other !== name)
  order.splice(routing.order.indexOf(name) + by, 0, name)
  return saveRouting({ order })
}

const makeDeskInOrder = (name, desks) => {
  const title = desks.find((desk) => desk.name === name)?.title ?? name
  const arrow = (sign, by, where) =>
    button(sign, undefined, { className: `arrow ${where}`, ariaLabel: `${title} ${where}`, title: `${title} ${where}` })
  const [up, down] = [arrow('↑', -1, 'earlier'), arrow('↓', 1, 'later')]
  up.addEventListener(
    'click',
    once(() => shift(name, -1).then(() => up.focus()))
  )
  down.addEventListener(
    'click',
    once(() => shift(name, 1).then(() => down.focus()))
  )
  return element('li', {}, element('span', { textContent: title }), up, down)
}

const showRouting = ({ routing: shown, desks }) => {
  routing = shown
  if (choicesInFlight === 0) {
    for (const input of byId('strategy').querySelectorAll('input')) input.checked = input.value === shown.strategy
  }
  setChildren(
    byId('order'),
    shown.order,
    (name) => name,
    (name) => makeDeskInOrder(name, desks),
    (item, name) => {
      item.querySelector('.earlier').disabled = shown.order.indexOf(name) === 0
      item.querySelector('.later').disabled = shown.order.indexOf(name) === shown.order.length - 1
    }
  )
  const last = shown.lastHandoff
  setText(byId('last-title'), last ? `Last handoff: ${last.customer}` : 'Last handoff')
  const lines = last?.lines ?? ['Nobody has asked for a human yet.']
  setChildren(
    byId('last'),
    lines.map((text, index) => ({ text, index })),
    ({ text, index }) => `${index} ${text}`,
    ({ text }) => element('li', { textContent: text })
  )
}

byId('strategy').addEventListener('change', (event) => void saveRouting({ strategy: event.target.value }))

const UNREACHABLE = 'The playground doesn’t respond. If it was stopped, start it again with npm start.'

const refresh = async () => {
  const { status, answer } = await call(`/api/state?customer=${encodeURIComponent(customer)}`)
  // After a restart the server doesn't know the customer.
  if (status === 404) return choose(undefined)
  showCustomer(answer)
  showDesks(answer)
  showRouting(answer)
}

const poll = async () => {
  try {
    if (!document.hidden) await (customer === undefined ? choose(undefined) : refresh())
    if (error.textContent === UNREACHABLE) showError('')
  } catch {
    showError(UNREACHABLE)
  }
  setTimeout(() => void poll(), POLL_MS)
}

await poll()
