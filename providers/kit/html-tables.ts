import type { Run } from './markdown-writer'

/** Deeper tables are read as part of their cell. Each level copies what it holds. */
const MAX_DEPTH = 8

interface Table {
  rows: Run[]
  cells: Run[][]
}

/** Tables as lines, a row each. In mails, tables lay text out: a row of one cell keeps its lines. */
export interface Tables {
  /** Whether a table is open, so that runs belong into it. */
  isOpen(): boolean
  add(run: Run): void
  open(): void
  row(): void
  cell(): void
  /** Closes the innermost table. Returns the runs of the outermost one, when that is closed. */
  close(): Run[] | undefined
}

export const createTables = (): Tables => {
  const tables: Table[] = []
  let tooDeep = 0

  const add = (run: Run): void => {
    const table = tables.at(-1)
    if (!table) return
    const cell = table.cells.at(-1)
    if (cell) cell.push(run)
    else if (run.text.trim() !== '') table.cells.push([run])
  }
  const endRow = (table: Table): void => {
    const { cells } = table
    table.cells = []
    if (!cells.some((cell) => cell.some(({ text }) => text.trim() !== ''))) return
    if (table.rows.length > 0) table.rows.push(BREAK)
    for (const [index, cell] of cells.entries()) {
      if (index > 0) table.rows.push(BETWEEN)
      // A row is one line.
      for (const run of cell) table.rows.push(cells.length > 1 && run.text === '\n' ? SPACE : run)
    }
  }
  return {
    isOpen: () => tables.length > 0,
    add,
    open: () => {
      if (tables.length >= MAX_DEPTH) tooDeep += 1
      else tables.push({ rows: [], cells: [] })
    },
    row: () => {
      const table = tables.at(-1)
      if (!table) return
      if (tooDeep > 0) add(BREAK)
      else endRow(table)
    },
    cell: () => {
      const table = tables.at(-1)
      if (!table) return
      if (tooDeep > 0) add(SPACE)
      else table.cells.push([])
    },
    close: () => {
      if (tooDeep > 0) {
        tooDeep -= 1
        return undefined
      }
      const table = tables.pop()
      if (!table) return undefined
      endRow(table)
      if (tables.length === 0) return table.rows
      for (const run of [BREAK, ...table.rows, BREAK]) add(run)
      return undefined
    },
  }
}

const _plain = (text: string): Run => ({ text, marks: [], link: undefined })
const BREAK = _plain('\n')
const SPACE = _plain(' ')
const BETWEEN = _plain(' | ')
