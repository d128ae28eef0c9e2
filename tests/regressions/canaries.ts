/** What may be printed nowhere: what anybody says, who anybody is, and whatever opens a door. */

/** How credentials and proofs look, of the sandboxes as of the real vendors. */
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
  // 32 bytes in base64: a signing secret, or the signature that would have been right.
  /(?<![\w+/])[\w+/]{43}=(?![\w+/=])/,
]

/** What customers are called and where they live, in all of the tests. */
const PEOPLE = [
  /[\w.+-]+@(?:customer|evil|elsewhere|mail|sandbox|acme)\.(?:example|test)\b/i,
  /\b(?:Eve Customer|Ann Able|Bea Bright|Cid Clever|Frank Foreign|Somebody Else)\b/,
  /\bmy (?:printer burns|order 4711|secret order)\b/i,
  /\bPrinter on fire\b/,
]

/** Functions whose text somebody says. */
const SAYING =
  'customerSays|agentReplies|agentNotes|customerReplies|botReplies|botSays|solve|fromCustomer|says|textOf|say|tellAgent'
const SAID = new RegExp(`\\b(?:${SAYING})\\([^'"\`\\n]*(['"])((?:(?!\\1)[^\\\\\\n]){10,}?)\\1`, 'g')

/** The sentences that a test has people say, read from its source. A single word could be anybody's. */
export const sentencesIn = (source: string): string[] => [
  ...new Set(
    [...source.matchAll(SAID)].map(([, , sentence = '']) => sentence).filter((sentence) => /\S \S/.test(sentence))
  ),
]

/** What gives somebody away in a printed line; undefined where nothing does. */
export const canaryIn = (line: string, sentences: readonly string[] = []): string | undefined =>
  [...SECRETS, ...PEOPLE].map((pattern) => pattern.exec(line)?.[0]).find((found) => found !== undefined) ??
  sentences.find((sentence) => line.includes(sentence))
