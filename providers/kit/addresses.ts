/** Web addresses in texts and in agents' HTML. */

const _escape = (url: string): string =>
  url.replace(/[\s()<>\\]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

/** A web address as it can stand in Markdown. Undefined for anything else. */
export const webAddress = (address: string | undefined): string | undefined => {
  const url = address?.trim().replace(/^\/\//, 'https://')
  return url && /^https?:\/\/\S/i.test(url) ? _escape(url) : undefined
}

/** What a link may lead to: the web, an e-mail address or a telephone number. */
export const linkTarget = (address: string | undefined): string | undefined => {
  const url = address?.trim()
  return url && /^(?:mailto|tel):\S/i.test(url) ? _escape(url) : webAddress(url)
}

/** Parameters by which vendors sign an address for a while. */
const SIGNATURES = /^(?:expires?|signature|sig|hmac|policy|key-pair-id|token|req|x-amz-.*|x-goog-.*|s[a-z]|s[a-z]{2})$/i

/**
 * What identifies a file at its vendor: its path and what its query says, however it is escaped. The host may be the
 * account's own domain, and a signature changes with every reading.
 */
export const fileKey = (address: string): string => {
  let url: URL
  try {
    url = new URL(address.trim().replace(/^\/\//, 'https://'))
  } catch {
    return address
  }
  const query = [...url.searchParams].filter(([name]) => !SIGNATURES.test(name)).map((pair) => pair.join('='))
  return `${_decoded(url.pathname).replace(/\/+$/, '')}?${query.toSorted().join('&')}`
}

const _decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const IN_TEXT =
  /https?:\/\/[^\s<>"'\u200b\u2060\ufeff\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+/gi

/** Splits a text: every second piece is an address, without the punctuation of the sentence around it. */
export const addressesIn = (text: string): string[] => {
  const pieces: string[] = []
  let position = 0
  for (const match of text.matchAll(IN_TEXT)) {
    const address = _withoutPunctuation(match[0])
    pieces.push(text.slice(position, match.index), address)
    position = match.index + address.length
  }
  return [...pieces, text.slice(position)]
}

/** Drops what ends the sentence, and brackets that were opened before the address. */
const _withoutPunctuation = (address: string): string => {
  let end = address.length
  const open = { ')': 0, ']': 0, '}': 0 }
  for (const sign of address) {
    if (sign === '(') open[')'] += 1
    else if (sign === '[') open[']'] += 1
    else if (sign === '{') open['}'] += 1
    else if (sign === ')' || sign === ']' || sign === '}') open[sign] -= 1
  }
  for (;;) {
    const last = address[end - 1] ?? ''
    if (/[.,:;!?*_~`]/.test(last)) end -= 1
    else if ((last === ')' || last === ']' || last === '}') && open[last] < 0) {
      open[last] += 1
      end -= 1
    } else break
  }
  return end > address.indexOf('//') + 2 ? address.slice(0, end) : address
}
