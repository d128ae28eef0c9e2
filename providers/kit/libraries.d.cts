import type * as Htmlparser2 from 'htmlparser2'
import type * as Marked from 'marked'

declare const libraries: {
  htmlparser2(): typeof Htmlparser2
  marked(): typeof Marked
}
export = libraries
