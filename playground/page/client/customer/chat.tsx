import type { ChatEntry, CustomerView } from '../../view'
import { FileIcon } from '../parts/icons'
import { Log } from '../parts/log'
import { Markdown } from '../parts/markdown'
import { RemarkLine } from '../parts/remark'
import { clockTime } from '../parts/time'
import { Picture, sampleOf, Typed } from '../parts/typed'
import { usePage } from '../state/page-state'

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('')

export const Chat = ({ customer }: { customer: CustomerView }) => (
  <Log label="What the customer sees" className="chat">
    {customer.chat.length === 0 ? (
      <p className="empty">Say hello. The bot answers, and hands over when you ask.</p>
    ) : null}
    {customer.chat.map((entry, index) => (
      <Entry key={entry.id} entry={entry} isFollowUp={isSameAuthor(entry, customer.chat[index - 1])} />
    ))}
    <Held customer={customer} />
  </Log>
)

const isSameAuthor = (entry: ChatEntry, before: ChatEntry | undefined): boolean =>
  before !== undefined && before.from === entry.from && before.name === entry.name

const Entry = ({ entry, isFollowUp }: { entry: ChatEntry; isFollowUp: boolean }) => {
  if (entry.from === 'system') return <p className="system-line">{entry.text}</p>
  return (
    <div className={`bubble-row from-${entry.from}`}>
      {entry.from === 'customer' ? null : (
        <span className={`avatar ${entry.from} ${isFollowUp ? 'is-hidden' : ''}`} aria-hidden="true">
          {entry.from === 'bot' ? '✦' : initials(entry.name)}
        </span>
      )}
      <div className="bubble-column">
        {isFollowUp || entry.from === 'customer' ? null : <small className="author">{entry.name}</small>}
        <div className="bubble">
          <Contents entry={entry} />
        </div>
        <small className="when">
          {clockTime(entry.at)} {entry.remark ? <RemarkLine remark={entry.remark} /> : null}
        </small>
      </div>
    </div>
  )
}

const Contents = ({ entry }: { entry: ChatEntry }) => (
  <>
    {entry.text && (entry.from === 'customer' ? <Typed text={entry.text} /> : <Markdown text={entry.text} />)}
    {entry.files.map((file) => (
      <File key={`${file.url} ${file.title}`} file={file} />
    ))}
  </>
)

const File = ({ file }: { file: ChatEntry['files'][number] }) => {
  const url = sampleOf(file.url) ?? file.url
  if (file.kind === 'image') return <Picture url={file.url} title={file.title} />
  if (file.kind === 'audio') return <audio controls src={url} aria-label={file.title} />
  if (!file.url) return <span>📍 {file.title}</span>
  return (
    <a className="file" href={url} target="_blank" rel="noreferrer">
      <FileIcon /> {file.title}
    </a>
  )
}

/** An agent has written what the customer doesn’t see yet. */
const Held = ({ customer }: { customer: CustomerView }) => {
  const { view } = usePage()
  const remark = view.desks
    .flatMap(({ tickets }) => tickets.filter(({ customerKey }) => customerKey === customer.key))
    .flatMap(({ entries }) => entries)
    .find((entry) => entry.remark?.kind === 'held')?.remark
  return remark ? (
    <p className="held">
      <span>An agent has answered.</span> <RemarkLine remark={remark} />
    </p>
  ) : null
}
