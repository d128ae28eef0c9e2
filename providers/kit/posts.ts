/** Divides a message into posts that each fit at the desk, with places for its files. */
import type { MessagePart } from '../provider'
import { nameInAddress } from './file-names'
import { linkInstead, type FilePart } from './files'
import type { Fits } from './markdown-to-html'
import { partToText } from './message-text'

type TextPart = Extract<MessagePart, { type: 'text' }>

/** How a desk writes. */
export interface Writing {
  fits: Fits
  /** A text as blocks, each of which fits. */
  text(part: TextPart): string[]
  /** One line of plain text. */
  line(text: string): string
  /** Stands between two blocks of a post. */
  gap: string
}

/** Written text, and files in their places. */
export type Segment = string | FilePart
export type Post = Segment[]

/** Why the files of a post are not attached. What isn't in it is attached. */
export type Unattached = ReadonlyMap<FilePart, string>

/** The posts of a message, in order and complete. A file counts as long as the link that may have to stand for it. */
export const postsOf = (
  parts: readonly MessagePart[],
  writing: Writing,
  mostFiles = Number.POSITIVE_INFINITY
): Post[] => {
  const segments = parts.flatMap((part): Segment[] => {
    if (part.type === 'file') return [part]
    return part.type === 'text' ? writing.text(part) : [writing.line(partToText(part))]
  })
  return packedPosts(segments, writing, mostFiles)
}

export const packedPosts = (segments: Segment[], writing: Writing, mostFiles = Number.POSITIVE_INFINITY): Post[] => {
  const posts: Post[] = []
  let length = ''
  let files = 0
  for (const segment of segments) {
    const added = typeof segment === 'string' ? segment : writing.line(linkInstead(segment, LONGEST_REASON))
    const count = files + (typeof segment === 'string' ? 0 : 1)
    const joined = length === '' ? added : length + writing.gap + added
    const last = posts.at(-1)
    if (last && writing.fits(joined) && count <= mostFiles) {
      last.push(segment)
      length = joined
      files = count
    } else {
      posts.push([segment])
      length = added
      files = typeof segment === 'string' ? 0 : 1
    }
  }
  return posts
}

const LONGEST_REASON = 'x'.repeat(100)

/** The post as it is sent: a file that isn't attached is a link with the reason. */
export const written = (post: Post, writing: Writing, unattached: Unattached): string =>
  post
    .map((segment) => {
      if (typeof segment === 'string') return segment
      const why = unattached.get(segment)
      return writing.line(why === undefined ? fileLabel(segment) : linkInstead(_titled(segment), why))
    })
    .join(writing.gap)

export const filesIn = (post: Post): FilePart[] =>
  post.flatMap((segment) => (typeof segment === 'string' ? [] : [segment]))

/** “Image “photo.png””: what stands in the text for an attached file. */
export const fileLabel = (part: FilePart): string => partToText({ ..._titled(part), url: '' }).replace(/: $/, '')

/** A title that both forms of a file's line have. */
const _titled = (part: FilePart): FilePart => {
  const title = part.title?.trim() || (URL.canParse(part.url) ? nameInAddress(new URL(part.url)) : undefined)
  return title === undefined ? part : { ...part, title }
}

/**
 * Whether a text at the desk is this post, with its files attached or as links. `toText` reads what was written,
 * `comparable` drops what the desk may have changed.
 */
export const saysPost = (
  post: Post,
  writing: Writing,
  text: string,
  { toText, comparable }: { toText(written: string): string; comparable(text: string): string }
): boolean => {
  const said = comparable(text)
  if (filesIn(post).length === 0) return comparable(toText(written(post, writing, new Map()))) === said
  const pattern = post.map((segment) => {
    if (typeof segment === 'string') return _literal(comparable(toText(segment)))
    const label = comparable(fileLabel(segment))
    const link = comparable(`: ${segment.url}`)
    const reason = comparable('(not attached: the file ')
    return `${_literal(label)}(?:${_literal(link)}(?:${_literal(reason)}[^()]{1,200}?\\)?)?)?`
  })
  return new RegExp(`^${pattern.join('')}$`, 'u').test(said)
}

const _literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
