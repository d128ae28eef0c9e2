import { createHmac, timingSafeEqual } from 'node:crypto'

interface Hmac {
  algorithm: 'sha1' | 'sha256'
  encoding: 'hex' | 'base64'
  secret: string
  message: string
}

/** HMAC of a UTF-8 message. The secret's text is the key. Throws RangeError for an empty secret. */
export const sign = ({ algorithm, encoding, secret, message }: Hmac): string => {
  if (secret === '') throw new RangeError('The secret must not be empty')
  return createHmac(algorithm, secret).update(message, 'utf8').digest(encoding)
}

/** Constant-time comparison that is safe for different lengths. */
export const equalInConstantTime = (a: string, b: string): boolean => {
  const left = Buffer.from(a, 'utf8')
  const right = Buffer.from(b, 'utf8')
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Whether `signature` matches the message. Returns false for an absent or empty secret or signature; never throws. */
export const isSigned = (
  hmac: Omit<Hmac, 'secret'> & { secret: string | undefined; signature: string | undefined }
): boolean => {
  if (!hmac.secret || !hmac.signature) return false
  return equalInConstantTime(sign({ ...hmac, secret: hmac.secret }), hmac.signature)
}

/** Whether a time is within `windowMs` of now, before or after. */
export const isFresh = (timeMs: number, now: number, windowMs: number): boolean =>
  Number.isFinite(timeMs) && Math.abs(now - timeMs) <= windowMs
