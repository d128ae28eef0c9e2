/**
 * Quotations and signatures in comments that agents write by e-mail. Mail programs mark them; only what is marked is
 * left out, and only behind what the agent typed. Where somebody wrote into or below a quotation, it stays whole.
 */
import { htmlToText, tokenizeHtml, type Attributes } from '../kit/html-tokens'
import type { Comment } from './records'

/** Classes and ids of mail programs: Gmail, Yahoo, Thunderbird, Proton, Zoho, Outlook and Apple Mail. */
const QUOTATIONS = /^(?:gmail_quote(?:_container)?|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra)$/i
const SIGNATURES =
  /^(?:gmail_signature(?:_prefix)?|moz-signature|protonmail_signature_block|signature|applemailsignature|ms-outlook-mobile-signature)$/i
/** From here on everything is quoted: Outlook puts the quotation behind its header, not into it. */
const QUOTED_FROM_HERE =
  /^(?:divrplyfwdmsg|appendonsend|mail-editor-reference-message-container|olk_src_body_section)$/i
/**
 * The line above which Zendesk's mails ask people to write.
 * https://support.zendesk.com/hc/en-us/articles/4408843795482
 */
const DELIMITER = /##- .{0,200} -##/
const VOID = new Set('area base br col embed hr img input link meta source track wbr'.split(' '))

/** Whether the comment came by e-mail. */
export const isMail = ({ via }: Comment): boolean => ['email', 'mail', '4'].includes(String(via?.channel))

interface Stretch {
  from: number
  to: number
  kind: 'quotation' | 'signature'
}

/** The HTML without the quotation that follows what was typed, and without the signature. */
export const withoutQuotations = (html: string): string => {
  const stretches = _stretchesIn(html)
  const first = stretches.find(({ kind }) => kind === 'quotation')
  const isTrailing = first && !_showsSomething(_without(html.slice(first.from), _moved(stretches, -first.from)))
  const signatures = stretches.filter(({ kind }) => kind === 'signature')
  const quoted = isTrailing ? [{ ...first, from: _introductionBefore(html, first.from), to: html.length }] : []
  const typed = _without(
    html,
    [...signatures, ...quoted].toSorted((a, b) => a.from - b.from)
  )
  return _showsSomething(typed) ? typed : html
}

const _moved = (stretches: Stretch[], by: number): Stretch[] =>
  stretches.flatMap((it) => (it.to + by > 0 ? [{ ...it, from: Math.max(0, it.from + by), to: it.to + by }] : []))

const _without = (html: string, stretches: Stretch[]): string => {
  let kept = ''
  let at = 0
  for (const { from, to } of stretches) {
    if (from >= at) kept += html.slice(at, from)
    at = Math.max(at, to)
  }
  return kept + html.slice(at)
}

const _showsSomething = (html: string): boolean => /<img\b/i.test(html) || /[^\s\u00a0]/.test(htmlToText(html))

/** The marked stretches in order, none inside another one. */
const _stretchesIn = (html: string): Stretch[] => {
  const found: Stretch[] = []
  let open: { name: string; depth: number; from: number; kind: Stretch['kind'] } | undefined
  let isOver = false
  const begin = (name: string, from: number, kind: Stretch['kind']): void => {
    open = { name, depth: 1, from, kind }
  }
  tokenizeHtml(html, {
    text: (text, at) => {
      const delimiter = isOver || open ? undefined : DELIMITER.exec(text)
      if (!delimiter) return
      isOver = true
      found.push({ from: at + delimiter.index, to: html.length, kind: 'quotation' })
    },
    open: (name, attributes, at) => {
      if (isOver || VOID.has(name)) return
      if (open) {
        if (name === open.name) open.depth += 1
        return
      }
      const names = _namesOf(attributes)
      if (names.some((it) => QUOTED_FROM_HERE.test(it))) {
        isOver = true
        found.push({ from: at, to: html.length, kind: 'quotation' })
      } else if (_isQuotation(name, attributes, names)) begin(name, at, 'quotation')
      else if (_isSignature(attributes, names)) begin(name, at, 'signature')
    },
    close: (name, at) => {
      if (name !== open?.name) return
      open.depth -= 1
      if (open.depth > 0) return
      const end = html.indexOf('>', at)
      found.push({ from: open.from, to: end < 0 ? html.length : end + 1, kind: open.kind })
      open = undefined
    },
  })
  if (open) found.push({ from: open.from, to: html.length, kind: open.kind })
  return found
}

const _namesOf = (attributes: Attributes): string[] =>
  `${attributes.get('class') ?? ''} ${attributes.get('id') ?? ''}`.split(/\s+/).filter(Boolean)

const _isQuotation = (name: string, attributes: Attributes, names: string[]): boolean =>
  names.some((it) => QUOTATIONS.test(it)) || (name === 'blockquote' && attributes.get('type')?.toLowerCase() === 'cite')

const _isSignature = (attributes: Attributes, names: string[]): boolean =>
  names.some((it) => SIGNATURES.test(it)) || attributes.get('data-smartmail') === 'gmail_signature'

/** “On 3 May 2026, Eve <eve@x.test> wrote:” in the languages that mail programs use most. */
const INTRODUCTION =
  /(?:wrote|writes|schrieb|a écrit|escribió|escreveu|ha scritto|schreef|skrev|napisał\(?a?\)?|написал\(?а?\)?|の投稿|写道)\s*:?\s*$/iu
const LONGEST_INTRODUCTION = 300

/** Where the block before the quotation begins, if it introduces it: a date, and a word for “wrote”. */
const _introductionBefore = (html: string, from: number): number => {
  const before = html.slice(0, from)
  const start = Math.max(...['<div', '<p', '<br'].map((tag) => before.toLowerCase().lastIndexOf(tag)))
  if (start < 0) return from
  const line = htmlToText(before.slice(start))
  return line.length <= LONGEST_INTRODUCTION && /\d/.test(line) && INTRODUCTION.test(line) ? start : from
}

/** The same for a mail without HTML: quoted lines at the end with their introduction, and a signature after `-- `. */
export const withoutQuotedLines = (text: string): string => {
  const delimiter = DELIMITER.exec(text)
  let lines = (delimiter ? text.slice(0, delimiter.index) : text).split('\n')
  const isEmpty = (line: string | undefined): boolean => (line ?? '').trim() === ''
  let end = lines.length
  while (end > 0 && (isEmpty(lines[end - 1]) || /^\s*>/.test(lines[end - 1] ?? ''))) end -= 1
  if (lines.slice(end).some((line) => !isEmpty(line))) {
    const introduction = lines[end - 1] ?? ''
    const isIntroduced = /\d/.test(introduction) && INTRODUCTION.test(introduction)
    lines = lines.slice(0, isIntroduced ? end - 1 : end)
  }
  const signature = lines.findIndex((line) => /^-- \r?$/.test(line))
  if (signature > 0) lines = lines.slice(0, signature)
  const typed = lines.join('\n').trim()
  return typed === '' ? text : typed
}
