export const byId = (id) => document.getElementById(id)

/** Creates an element. Text is inserted as text, never as HTML. */
export const element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties)
  node.append(...children)
  return node
}

export const button = (label, onclick, properties = {}) =>
  element('button', { type: 'button', textContent: label, onclick, ...properties })

/** Sets a text only if it changed, so that screen readers, caret and focus stay in place. */
export const setText = (node, text) => {
  if (node.textContent !== text) node.textContent = text
}

/** Sets the options of a select, and keeps the chosen value if it still exists. */
export const setOptions = (select, options) => {
  const serialised = JSON.stringify(options)
  if (select.dataset.options === serialised) return
  const chosen = select.value
  select.dataset.options = serialised
  select.replaceChildren(...options.map(({ value, label }) => element('option', { value, textContent: label })))
  if (options.some(({ value }) => value === chosen)) select.value = chosen
}

/** Makes the children of `parent` match `items`, in order. A child is created once per key, then updated in place. */
export const setChildren = (parent, items, keyOf, make, update) => {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]))
  const keys = new Set(items.map(keyOf))
  for (const [key, child] of before) if (!keys.has(key)) child.remove()
  for (const [index, item] of items.entries()) {
    const key = keyOf(item)
    const child = before.get(key) ?? make(item)
    child.dataset.key = key
    // Inserted before the update, since only an element on the page can scroll.
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null)
    update?.(child, item)
  }
}

const time = (at) => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })

const makeEntry = ({ from, name, text, at }) =>
  element(
    'li',
    { className: `entry from-${from}` },
    element('small', {}, element('b', { textContent: name }), from === 'note' ? ' · internal' : '', ` · ${time(at)}`),
    element('span', { className: 'text', textContent: text })
  )

/** Shows the entries of a conversation. Scrolls to the end unless the reader scrolled back. */
export const fillChat = (list, entries) => {
  const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 40
  const before = list.childElementCount
  // An edited text counts as a new entry.
  setChildren(list, entries, ({ id, text }) => `${id} ${text}`, makeEntry)
  if (isAtEnd && list.childElementCount !== before) list.scrollTop = list.scrollHeight
}

/** Keeps typed text across reloads. */
export const keepDraft = (input, key) => {
  const kept = sessionStorage.getItem(`draft ${key}`)
  if (kept !== null) input.value = kept
  const keep = () => sessionStorage.setItem(`draft ${key}`, input.value)
  input.addEventListener('input', keep)
  return {
    clear: () => {
      input.value = ''
      keep()
    },
  }
}

/** Ignores further calls while `work` runs, such as a second click. */
export const once = (work) => {
  let isBusy = false
  return async (...args) => {
    if (isBusy) return
    isBusy = true
    try {
      await work(...args)
    } finally {
      isBusy = false
    }
  }
}

export const onSubmit = (form, work) => {
  const run = once(work)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void run()
  })
}
