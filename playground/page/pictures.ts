/** The playground's sample photos: small PNG files, drawn here so that no binary lies in the repository. */
import { crc32, deflateSync } from 'node:zlib'

type Colour = readonly [number, number, number]
type Draw = (x: number, y: number) => Colour

const WIDTH = 320
const HEIGHT = 200

const _chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  const sum = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

const _png = (draw: Draw): Buffer => {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(WIDTH, 0)
  head.writeUInt32BE(HEIGHT, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const rows = Array.from({ length: HEIGHT }, (_row, y) =>
    Buffer.from([0, ...Array.from({ length: WIDTH }, (_column, x) => draw(x, y)).flat()])
  )
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    _chunk('IHDR', head),
    _chunk('IDAT', deflateSync(Buffer.concat(rows))),
    _chunk('IEND', Buffer.alloc(0)),
  ])
}

const _isIn = (x: number, y: number, [left, top, width, height]: readonly number[] = []): boolean =>
  x >= (left ?? 0) && x < (left ?? 0) + (width ?? 0) && y >= (top ?? 0) && y < (top ?? 0) + (height ?? 0)

/** A printer with a flame over it. */
const _printer: Draw = (x, y) => {
  if (Math.hypot(x - 228, y - 104) < 6) return [255, 92, 92]
  if (_isIn(x, y, [108, 144, 80, 5]) || _isIn(x, y, [108, 157, 60, 5])) return [160, 168, 184]
  if (_isIn(x, y, [96, 132, 128, 46])) return [255, 255, 255]
  if (_isIn(x, y, [70, 84, 180, 70])) return [59, 66, 82]
  if (_isIn(x, y, [96, 62, 128, 26])) return [229, 233, 240]
  const flame = Math.abs(x - 140) < 18 * Math.sin((Math.PI * (y - 8)) / 60) && y > 8 && y < 66
  return flame ? [242, 112, 29] : [253, 231, 217]
}

/** A power button. */
const _button: Draw = (x, y) => {
  const distance = Math.hypot(x - 160, y - 100)
  const isBar = _isIn(x, y, [154, 56, 12, 46])
  const isRing = Math.abs(distance - 36) < 6 && !(y < 78 && Math.abs(x - 160) < 22)
  if (isBar || isRing) return [43, 95, 217]
  return distance < 62 ? [255, 255, 255] : [223, 234, 251]
}

export const PRINTER = _png(_printer)
export const POWER_BUTTON = _png(_button)
