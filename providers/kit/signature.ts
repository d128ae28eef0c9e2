import { createHmac, timingSafeEqual } from 'node:crypto'

interface Hmac {
  algorithm: 'sha1' | 'sha256'
  encoding: 'hex' | 'base64'
  secret: string
  message: string
}

/** HMAC of a UTF-8 message under a key that is used as it is written. Throws RangeError for an empty secret. */
export const sign = ({ algorithm, encoding, secret, message }: Hmac): string => {
  if (secret === '') throw new RangeError('An empty secret signs nothing')
  return createHmac(algorithm, secret).update(message, 'utf8').digest(encoding)
}

/** Constant-time comparison that is safe for different lengths. */
export const equalInConstantTime = (a: string, b: string): boolean => {
  const left = Buffer.from(a, 'utf8')
  const right = Buffer.from(b, 'utf8')
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Whether `signature` is the message's. Fails closed: an absent or empty secret or signature is false, never an exception. */
export const isSigned = (
  hmac: Omit<Hmac, 'secret'> & { secret: string | undefined; signature: string | undefined }
): boolean => {
  if (!hmac.secret || !hmac.signature) return false
  return equalInConstantTime(sign({ ...hmac, secret: hmac.secret }), hmac.signature)
}

/** Whether a signed time is within `windowMs` of now, in both directions. */
export const isFresh = (timeMs: number, now: number, windowMs: number): boolean =>
  Number.isFinite(timeMs) && Math.abs(now - timeMs) <= windowMs
