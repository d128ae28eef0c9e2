/** The plugin's default texts. */
export const HANDED_OFF = 'I have escalated this conversation to a human agent. They should be with you shortly.'
export const AGENT_JOINED = 'A human agent has joined the conversation.'
export const AGENT_CLOSED = 'The human agent closed the conversation. I will continue assisting you.'
export const SESSION_ENDED = 'You have ended the session with the human agent. I will continue assisting you.'
export const NOT_CONNECTED = 'Something went wrong, you are not connected to a human agent...'
/** Sent to the ticket. */
export const CUSTOMER_LEFT = '( The user has ended the session. )'
export const AGENT_NOT_SUPPORTED =
  'Sorry, the user can not receive this type of message. Please resend your message as a text message.'

export const NOBODY_CAME =
  'No human agent is available at the moment. Please try again later. I will continue assisting you for the time being.'

/** Message types that the plugin forwards, in both directions. */
export const SUPPORTED_TYPES = new Set(['text', 'image', 'video', 'audio', 'file', 'bloc'])

export const NOT_SUPPORTED = `Sorry, I can only handle one of the following message types: ${[...SUPPORTED_TYPES].join(', ')}`

/** Texts of the plugin itself that customers may see. */
export const TEXTS_FOR_CUSTOMERS = new Set([
  HANDED_OFF,
  AGENT_JOINED,
  AGENT_CLOSED,
  SESSION_ENDED,
  NOBODY_CAME,
  NOT_SUPPORTED,
  NOT_CONNECTED,
])

export const END_COMMAND = '/end'

/** In a configuration it means that nothing is said. */
export const NO_TEXT = 'NULL'
