/** What a person typed: addresses are links, and pictures of the playground are shown. */
import { Link } from './markdown'

const ADDRESS = /(https?:\/\/[^\s<>()]+)/g
/** The playground plays the vendors’ file servers, too: their addresses end with the name of a sample. */
const SAMPLE = /\/([\w-]+\.(?:png|txt|wav|mp4))(?:\?|$)/

export const sampleOf = (url: string): string | undefined => {
  const [, name] = SAMPLE.exec(decodeURIComponent(url)) ?? []
  return name && `/samples/${name}`
}

export const Picture = ({ url, title }: { url: string; title: string }) => (
  <img className="picture" src={sampleOf(url) ?? url} alt={title} width={240} height={150} />
)

/** With `mrkdwn`, Slack’s marks are formatting: *bold*, _italic_, ~struck~ and `code`. */
export const Typed = ({ text, mrkdwn = false }: { text: string; mrkdwn?: boolean }) => (
  <span className="typed">
    {text.split(ADDRESS).map((piece, index) => {
      if (index % 2 === 0) return mrkdwn ? <Mrkdwn key={index} text={piece} /> : piece
      const sample = sampleOf(piece)
      if (sample?.endsWith('.png')) return <Picture key={index} url={piece} title={sample.split('/').at(-1) ?? ''} />
      return (
        <Link key={index} href={sample ?? piece}>
          {sample?.split('/').at(-1) ?? piece}
        </Link>
      )
    })}
  </span>
)

/** The files of an entry that its text doesn't name by an address. */
export const Attached = ({ text, files = [] }: { text: string; files?: readonly string[] | undefined }) => (
  <>
    {files
      .filter((name) => !text.includes(`/${name}`))
      .map((name) =>
        name.endsWith('.png') ? (
          <Picture key={name} url={`/samples/${name}`} title={name} />
        ) : (
          <Link key={name} href={`/samples/${name}`}>
            {name}
          </Link>
        )
      )}
  </>
)

const MARKS = /(\*[^*\n]+\*|(?<![\w])_[^_\n]+_(?![\w])|~[^~\n]+~|`[^`\n]+`)/g

const Mrkdwn = ({ text }: { text: string }) => (
  <>
    {text.split(MARKS).map((piece, index) => {
      if (index % 2 === 0) return piece
      const inner = piece.slice(1, -1)
      if (piece.startsWith('*')) return <strong key={index}>{inner}</strong>
      if (piece.startsWith('_')) return <em key={index}>{inner}</em>
      return piece.startsWith('~') ? <del key={index}>{inner}</del> : <code key={index}>{inner}</code>
    })}
  </>
)
