/** Finds desks, tickets and agents by what the page says. Throws a Refusal for what isn't there. */
import type { Sandbox, SandboxAgent, SandboxTicket } from '../../providers/kit/sandbox'
import type { Play } from './play'
import { Refusal } from './refusal'

export const sandboxAt = ({ world }: Play, desk: string): Sandbox => {
  const sandbox = Object.hasOwn(world.sandboxes, desk) ? world.sandboxes[desk] : undefined
  if (!sandbox) throw new Refusal(404, `Unknown desk "${desk}"`)
  return sandbox
}

/** By its position among the desk's tickets, which stays the same when the playground starts again. */
export const ticketAt = (play: Play, desk: string, index: number): SandboxTicket => {
  const ticket = sandboxAt(play, desk).tickets()[index]
  if (!ticket || ticket.status === 'deleted') throw new Refusal(404, 'Unknown ticket')
  return ticket
}

export const agentAt = (play: Play, desk: string, id: string | null | undefined): SandboxAgent => {
  const { agents } = sandboxAt(play, desk)
  const agent = id ? agents.find((candidate) => candidate.id === id) : agents[0]
  if (!agent) throw new Refusal(404, 'Unknown agent')
  return agent
}
