/** Reads the parsed routing back in sentences, so that people see how each field was understood. */
import { dateAtStart, MONTHS } from './calendar-date'
import type { Calendar } from './hours'
import { languageName } from './language'
import { formatPeriod, type Period } from './period'
import type { Desk, Otherwise, Routing, Rule } from './routing'
import type { SpecialDates } from './special-dates'
import { DAY_NAMES } from './week-hours'

/** One line about routing, one per desk and one per rule. */
export const describeRouting = (routing: Routing): string[] => [
  _strategy(routing),
  ...routing.desks.map((desk) => _desk(desk, routing)),
  ...routing.rules.map((rule, index) => `Rule ${index + 1}${_named(rule, index)}: ${describeRule(rule, routing)}`),
  ..._texts(routing),
]

const _named = ({ name }: Rule, index: number): string => (name === `rule ${index + 1}` ? '' : ` (${name})`)

const _list = (items: readonly string[], word = 'and'): string => {
  const last = items.at(-1) ?? ''
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} ${word} ${last}`
}

const _titles = (names: readonly string[], { desks }: Routing): string =>
  names.map((name) => desks.find(({ provider }) => provider === name)?.title ?? name).join(', then ')

const _OTHERWISE: Record<Otherwise, string> = {
  refuse: 'if they can’t, no other desk takes over',
  'default-language': 'if they can’t, the desks of the default language take over',
  'any-desk': 'if they can’t, any desk takes over',
}

const _strategy = (routing: Routing): string => {
  const { strategy, desks, defaultLanguage, stickyDays, nobodyThere, afterHoursDesk, otherwise, timeZone } = routing
  const order = _titles(
    desks.filter(({ enabled, afterHoursOnly }) => enabled && !afterHoursOnly).map(({ provider }) => provider),
    routing
  )
  const how = {
    priority: `The first open desk takes a handoff: ${order}`,
    'round-robin': `Open desks take turns by weight: ${order.replaceAll(', then ', ', ')}`,
    'least-busy': `The open desk with the fewest sessions for its weight takes a handoff: ${order.replaceAll(', then ', ', ')}`,
  }
  const away = {
    refuse: 'a handoff that nobody can take is refused',
    'open-anyway': 'where nobody can take a handoff, a ticket is opened anyway',
    'after-hours': `where nobody can take a handoff, ${_titles([afterHoursDesk ?? ''], routing)} takes it`,
  }
  const days = `${stickyDays} ${stickyDays === 1 ? 'day' : 'days'}`
  return _sentence([
    how[strategy],
    ...(stickyDays > 0 ? [`a customer returns to the last desk for ${days}`] : []),
    ...(defaultLanguage ? [`${languageName(defaultLanguage)} is the default language`] : []),
    ...(otherwise ? [`for a language’s or rule’s desks: ${_OTHERWISE[otherwise]}`] : []),
    away[nobodyThere],
    ...(timeZone ? [`times are in ${timeZone}`] : []),
  ])
}

const _sentence = (parts: string[]): string => `${parts.join('; ')}.`

const _desk = (desk: Desk, { strategy }: Routing): string => {
  const { title, enabled, notReady, weight, languages, calendar, capacity, afterHoursOnly } = desk
  if (!enabled) return `${title}: switched off.`
  return _sentence([
    `${title}: ${languages.length > 0 ? _list(languages.map(languageName)) : 'all languages'}`,
    calendar ? describeCalendar(calendar) : 'always open',
    ...(weight !== 1 || strategy === 'round-robin' ? [`weight ${weight}`] : []),
    ...(capacity === undefined ? [] : [`at most ${capacity} open ${capacity === 1 ? 'session' : 'sessions'}`]),
    ...(afterHoursOnly ? ['only when nobody else is there'] : []),
    ...(notReady === undefined ? [] : [`not ready: ${notReady}`]),
  ])
}

/** `when the language is French and a tag is billing: Alpha; the ticket goes to queue 360001.` */
export const describeRule = (rule: Rule, routing: Routing): string => {
  const { languages, priorities, tags, calendar, share, desks, options, otherwise } = rule
  const conditions = [
    ...(languages ? [`the language is ${_list(languages.map(languageName), 'or')}`] : []),
    ...(priorities ? [`the priority is ${_list(priorities, 'or')}`] : []),
    ...(tags ? [`a tag is ${_list(tags, 'or')}`] : []),
    ...(calendar ? [`the time is within ${describeCalendar(calendar)}`] : []),
  ]
  const percent = share ? `${Number((share.to - share.from).toFixed(6))} % of ` : ''
  const which =
    conditions.length > 0
      ? `${percent ? `${percent}handoffs ` : ''}when ${_list(conditions)}`
      : `${percent || ''}all handoffs`
  const ticket = [
    ...(options.queue ? [`goes to queue ${options.queue}`] : []),
    ...(options.priority ? [`gets priority ${options.priority}`] : []),
    ...(options.tags ? [`gets the ${options.tags.length === 1 ? 'tag' : 'tags'} ${_list(options.tags)}`] : []),
  ]
  return _sentence([
    `${which}: ${_titles(desks, routing)}`,
    ...(ticket.length > 0 ? [`the ticket ${_list(ticket)}`] : []),
    ...(otherwise ? [_OTHERWISE[otherwise]] : []),
  ])
}

const _texts = ({ texts = {} }: Routing): string[] => {
  const titles = { refusal: 'Refusal texts', received: 'Received texts', handedOn: 'Handed-on texts' }
  return (Object.keys(titles) as (keyof typeof titles)[]).flatMap((kind) => {
    const some = texts[kind] ?? []
    if (some.length === 0) return []
    const names = some.map(({ language }) => (language === undefined ? 'every other language' : languageName(language)))
    return [`${titles[kind]}: for ${_list(names)}.`]
  })
}

/** `Mon-Fri 09:00-17:00, Sat 10:00-14:00; closed on 25 December every year (Europe/Paris)` */
export const describeCalendar = ({ week, dates, timeZone }: Calendar): string =>
  `${[_week(week), ...dates.map(_special)].join('; ')} (${timeZone})`

const _periods = (periods: readonly Period[]): string =>
  periods
    .map((period) => formatPeriod(period))
    .join(' and ')
    .replace('00:00-24:00', 'all day')

const _week = (week: readonly Period[][]): string => {
  const days = week.map(_periods)
  if (days.every((day) => day === 'all day')) return 'always open'
  if (days.every((day) => day === '')) return 'closed on every weekday'
  const spans: { from: number; to: number; text: string }[] = []
  for (const [day, text] of days.entries()) {
    const last = spans.at(-1)
    if (last && last.text === text && last.to === day - 1) last.to = day
    else spans.push({ from: day, to: day, text })
  }
  const short = (day: number): string => (DAY_NAMES[day] ?? '').slice(0, 3)
  return spans
    .filter(({ text }) => text !== '')
    .map(({ from, to, text }) => `${short(from)}${to > from ? `-${short(to)}` : ''} ${text}`)
    .join(', ')
}

const _special = ({ from, to, periods }: SpecialDates): string => {
  const isYearly = from.length === 'MM-DD'.length
  const dates = `${_date(from)}${to === from ? '' : ` to ${_date(to)}`}${isYearly ? ' every year' : ''}`
  return periods.length === 0 ? `closed on ${dates}` : `${dates} ${_periods(periods)}`
}

const _date = (date: string): string => {
  const { year, month = 1, day } = dateAtStart(date)?.from ?? {}
  return `${day} ${MONTHS[month - 1]}${year === undefined ? '' : ` ${year}`}`
}
