export const byId = (id) => document.getElementById(id)

/** Text always goes in as text: nothing that anybody wrote is ever read as HTML. */
export const element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties)
  node.append(...children)
  return node
}

export const button = (label, onclick, properties = {}) =>
  element('button', { type: 'button', textContent: label, onclick, ...properties })

/** Sets only what has changed: the reader of a screen, the caret and the focus stay where they are. */
export const setText = (node, text) => {
  if (node.textContent !== text) node.textContent = text
}

/** Puts the options of a select in place, and keeps what is chosen if it is still there. */
export const setOptions = (select, options) => {
  const serialised = JSON.stringify(options)
  if (select.dataset.options === serialised) return
  const chosen = select.value
  select.dataset.options = serialised
  select.replaceChildren(...options.map(({ value, label }) => element('option', { value, textContent: label })))
  if (options.some(({ value }) => value === chosen)) select.value = chosen
}

/**
 * Makes the children of `parent` those of `items`, in order. A child is made once for each key and updated in place ever after.
 */
export const setChildren = (parent, items, keyOf, make, update) => {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]))
  const keys = new Set(items.map(keyOf))
  for (const [key, child] of before) if (!keys.has(key)) child.remove()
  for (const [index, item] of items.entries()) {
    const key = keyOf(item)
    const child = before.get(key) ?? make(item)
    child.dataset.key = key
    // In its place first: what is not on the page cannot be scrolled.
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

/** Entries of a conversation. Follows the end of it unless the reader has scrolled back. */
export const fillChat = (list, entries) => {
  const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 40
  const before = list.childElementCount
  // A text that was edited is another entry.
  setChildren(list, entries, ({ id, text }) => `${id} ${text}`, makeEntry)
  if (isAtEnd && list.childElementCount !== before) list.scrollTop = list.scrollHeight
}

/** What is typed survives a reload. */
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

/** One at a time: a second click while the first is under way does nothing. */
export const once = (work) => {
  let isBusy = false
  return async (...given) => {
    if (isBusy) return
    isBusy = true
    try {
      await work(...given)
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
