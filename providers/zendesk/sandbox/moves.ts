/** What agents and admins do behind the router's back: merge, suspend, delete and take back. */
import type { Sandbox } from '../../kit/sandbox'
import { asComment, type Actor, type Source, type State, type TicketRow, type UserRow } from './state'

/** These moves fire no trigger, except the merge of tickets. */
export interface Moves extends Required<Pick<Sandbox, 'deleteReply' | 'mergeContact' | 'mergeTicket' | 'removeAgent'>> {
  /** Suspends the ticket's requester: Zendesk accepts nothing in their name. */
  suspendContact(ticketId: string): void
  /** Deletes the ticket's requester, who stays its requester. */
  deleteContact(ticketId: string): void
  /** Deletes a user for good: nothing shows them any more. */
  erase(userId: string): void
  /** Makes a public reply an internal note. */
  makePrivate(messageId: string): void
}

export const createMoves = (state: State, agent: UserRow, findUnclosed: (ticketId: string) => TicketRow): Moves => {
  let merges = 0

  const requesterOf = (ticketId: string): UserRow => {
    const user = state.user(findUnclosed(ticketId).requester_id)
    if (!user) throw new Error(`The requester of ticket ${ticketId} is gone`)
    return user
  }
  const commentOf = (messageId: string) => {
    const comment = state.tickets.flatMap((ticket) => ticket.comments).find(({ id }) => String(id) === messageId)
    if (!comment) throw new Error(`No comment ${messageId}`)
    return comment
  }
  const deactivate = (user: UserRow): void => {
    Object.assign(user, { active: false, email: null, external_id: null })
  }
  /** A ticket that the customer has opened by mail, and that an agent has answered. */
  const earlierTicket = (requester: number): TicketRow => {
    const opening = { author_id: requester, html: asComment('By mail'), public: true }
    const fields = { subject: 'An earlier question', requester_id: requester, submitter_id: requester }
    const { ticket } = state.addTicket(fields, opening, { userId: requester, via: 'email' })
    const answer = { author_id: agent.id, html: asComment('The answer to an earlier question'), public: true }
    state.update(ticket, { comment: answer, assignee_id: agent.id }, { userId: agent.id, via: 'web' })
    return ticket
  }

  /** How a merge's line shows where it comes from differs from account to account. */
  const actorOf = (source: Source): Actor => {
    const actor: Actor = { userId: agent.id, via: 'web' }
    const kinds: Actor[] = [
      { ...actor, source },
      { ...actor, via: 'merge' },
      actor,
      { ...actor, via: 'system', source },
    ]
    return kinds[merges % kinds.length] ?? actor
  }

  return {
    mergeContact: (ticketId) => {
      const merged = requesterOf(ticketId)
      const { email } = merged
      deactivate(merged)
      const profile = state.addUser({ name: merged.name, role: 'end-user', external_id: `crm-${merged.id}`, email })
      for (const ticket of state.tickets) {
        // Closed tickets keep their requester.
        if (ticket.status !== 'closed' && ticket.requester_id === merged.id) ticket.requester_id = profile.id
      }
    },
    suspendContact: (ticketId) => {
      requesterOf(ticketId).suspended = true
    },
    deleteContact: (ticketId) => deactivate(requesterOf(ticketId)),
    erase: (userId) => {
      state.users.splice(0, state.users.length, ...state.users.filter(({ id }) => String(id) !== userId))
    },
    removeAgent: (agentId) => {
      const user = state.user(Number(agentId))
      if (user) user.suspended = true
    },
    mergeTicket: (ticketId, intoId) => {
      const ticket = findUnclosed(ticketId)
      const target = intoId === undefined ? earlierTicket(ticket.requester_id) : findUnclosed(intoId)
      const into = `This request was closed and merged into request #${target.id} "${target.subject}".`
      const from =
        `Request #${ticket.id} "${ticket.subject}" was closed and merged into this request. ` +
        `Last comment in request #${ticket.id}:\n\n${ticket.comments.findLast((comment) => comment.public)?.plain ?? ''}`
      const line = (text: string) => ({ author_id: agent.id, html: asComment(text), public: true })
      const [fromHere, toThere] = [{ ticket_ids: [ticket.id] }, { ticket_id: target.id, subject: target.subject }]
      state.update(
        ticket,
        {
          comment: line(into),
          status: 'closed',
          assignee_id: ticket.assignee_id ?? agent.id,
          tags: [...ticket.tags, 'closed_by_merge'],
        },
        actorOf({ rel: 'merge', from: {}, to: toThere })
      )
      state.update(
        target,
        {
          comment: line(from),
          tags: [...new Set([...target.tags, ...ticket.tags])].filter((tag) => tag !== 'closed_by_merge'),
        },
        actorOf({ rel: 'merge', from: fromHere, to: {} })
      )
      merges += 1
      return String(target.id)
    },
    deleteReply: (messageId) => {
      const comment = commentOf(messageId)
      comment.plain = comment.plain.replace(/\S/g, '▇')
      comment.html = asComment(comment.plain)
      for (const attachment of comment.attachments) {
        Object.assign(attachment, { file_name: 'redacted.txt', content_type: 'text/plain', size: 0 })
      }
    },
    makePrivate: (messageId) => {
      commentOf(messageId).public = false
    },
  }
}
