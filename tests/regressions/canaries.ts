/** Canaries: secrets, names and messages that must never be printed. */

/** Credentials and signatures of the sandboxes and of the real vendors. */
const SECRETS = [
  /\b(?:bearer|basic)\s+(?=[\w+/.~-]*[\d=])[\w+/=.~-]{12,}/i,
  /\bxox[a-z]-[\w-]{8,}/,
  /\b(?:zendesk-client-secret|zendesk-api-token|access-token)-\d+/,
  /\bdG9rOnNhbmRib3hfYWNjZXNz\b/,
  /\bsandbox-client-secret-/,
  /\b5b1c0ffee5b1c0ffee/,
  /\bbp_local_token\b/,
  /\bv0=[0-9a-f]{64}\b/,
  /\bsha1=[0-9a-f]{40}\b/,
  // 32 bytes in base64: a signing secret or a valid signature.
  /(?<![\w+/])[\w+/]{43}=(?![\w+/=])/,
]

/** Names, addresses and titles of the customers in the tests. */
const PEOPLE = [
  /[\w.+-]+@(?:customer|evil|elsewhere|mail|sandbox|acme)\.(?:example|test)\b/i,
  /\b(?:Eve Customer|Ann Able|Bea Bright|Cid Clever|Frank Foreign|Somebody Else)\b/,
  /\bmy (?:printer burns|order 4711|secret order)\b/i,
  /\bPrinter on fire\b/,
]

/** Functions whose text argument is a person's message. */
const MESSAGE_FUNCTIONS =
  'customerSays|agentReplies|agentNotes|customerReplies|botReplies|botSays|solve|fromCustomer|says|textOf|say|tellAgent'
const MESSAGE = new RegExp(`\\b(?:${MESSAGE_FUNCTIONS})\\([^'"\`\\n]*(['"])((?:(?!\\1)[^\\\\\\n]){10,}?)\\1`, 'g')

/** The sentences that people say in a test, read from its source. Single words are skipped: logs may contain them. */
export const sentencesIn = (source: string): string[] => [
  ...new Set(
    [...source.matchAll(MESSAGE)].map(([, , sentence = '']) => sentence).filter((sentence) => /\S \S/.test(sentence))
  ),
]

/** The canary in a printed line, or undefined. */
export const canaryIn = (line: string, sentences: readonly string[] = []): string | undefined =>
  [...SECRETS, ...PEOPLE].map((pattern) => pattern.exec(line)?.[0]).find((found) => found !== undefined) ??
  sentences.find((sentence) => line.includes(sentence))
