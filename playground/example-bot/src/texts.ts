/** What the bot says. The router brings its own texts for opening hours, in 20 languages. */
export const TEXTS = {
  greeting: 'Hello! I am a bot. Write “human” to talk to a person.',
  handingOver: 'I am getting a person for you.',
  failed: 'I could not reach anybody. Please try again in a few minutes.',
  welcomeBack: 'I am back. Can I help you with anything else?',
} as const

const WORDS = /\b(?:human|person|agent|mensch|humain|humano|persona)\b/i

/** Whether the customer asks for a person. A real bot asks its language model. */
export const asksForPerson = (text: string): boolean => WORDS.test(text)
