import { CsvError, parse } from 'csv-parse/sync'

/** One line of an import, not judged yet. Absent columns and empty cells are undefined. */
export interface AccountRow {
  /** 1 is the first line of the file. */
  readonly line: number
  readonly user: string
  readonly domain?: string
  readonly password?: string
  readonly ha1?: string
  readonly email?: string
  readonly name?: string
}

/** What is wrong with a line, for a person. */
export interface ImportProblem {
  readonly line: number
  readonly message: string
}

type Column = Exclude<keyof AccountRow, 'line'>

const columnNames: Readonly<Record<string, Column>> = {
  user: 'user',
  username: 'user',
  domain: 'domain',
  password: 'password',
  ha1: 'ha1',
  email: 'email',
  'e-mail': 'email',
  name: 'name',
}
const defaultColumns: readonly Column[] = ['user', 'password', 'email', 'name']
const maxRecordBytes = 16_384

/** Our own words for what the parser finds: its messages quote the file, and there are passwords in it. */
const csvProblems: Readonly<Partial<Record<string, string>>> = {
  INVALID_OPENING_QUOTE: 'a quotation mark within a value: put the value in quotes and write each mark in it twice',
  CSV_INVALID_CLOSING_QUOTE: 'text after a closing quotation mark',
  CSV_QUOTE_NOT_CLOSED: 'a quotation mark that is never closed',
  CSV_MAX_RECORD_SIZE: `a line of more than ${maxRecordBytes} bytes`,
}

/**
 * Lines `user,password[,e-mail[,name]]`. A first line that names `user` (or `username`) and `password` or `ha1` is a header:
 * it gives other columns or another order. Pure; a problem with the file as a whole is told for its line.
 */
export function parseAccountCsv(text: string): { rows: AccountRow[]; problems: ImportProblem[] } {
  const problems: ImportProblem[] = []
  let records: CsvRecord[]
  try {
    records = readRecords(text)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    return { rows: [], problems: [{ line: Number(error.lines), message: csvProblems[error.code] ?? 'not a CSV file' }] }
  }
  const header = readHeader(records[0], problems)
  const columns = header ?? defaultColumns
  const rows =
    problems.length > 0
      ? []
      : records.slice(header ? 1 : 0).flatMap(record => {
          if (record.cells.length <= columns.length) return [toRow(record, columns)]
          problems.push({ line: record.line, message: `${record.cells.length} columns, expected ${columns.join(',')}` })
          return []
        })
  return { rows, problems }
}

interface CsvRecord {
  readonly line: number
  readonly cells: readonly string[]
}

function readRecords(text: string): CsvRecord[] {
  const parsed = parse(text, {
    bom: true,
    recordDelimiter: ['\r\n', '\n', '\r'], // Found out by itself it would be that of the first line for all.
    trim: true,
    info: true,
    skipEmptyLines: true,
    skipRecordsWithEmptyValues: true,
    relaxColumnCount: true,
    maxRecordSize: maxRecordBytes,
  }) as unknown as { record: string[]; info: { lines: number } }[]
  return parsed.map(({ record, info }) => ({ line: info.lines, cells: record }))
}

/** Undefined when the first line is an account. */
function readHeader(first: CsvRecord | undefined, problems: ImportProblem[]): Column[] | undefined {
  const names = first?.cells.map(cell => cell.toLowerCase()) ?? []
  const known = names.map(name => columnNames[name])
  if (!known.includes('user') || !(known.includes('password') || known.includes('ha1'))) return undefined
  const strange = names.filter(name => !columnNames[name])
  if (strange.length > 0)
    problems.push({
      line: first!.line,
      message: `unknown column ${strange.join(', ')}: known are ${Object.keys(columnNames).join(', ')}`,
    })
  if (new Set(known).size < known.length) problems.push({ line: first!.line, message: 'a column is there twice' })
  return known.filter(column => column !== undefined)
}

function toRow({ line, cells }: CsvRecord, columns: readonly Column[]): AccountRow {
  const row: Record<string, string> = {}
  for (const [index, column] of columns.entries()) if (cells[index]) row[column] = cells[index]
  return { user: '', ...row, line }
}
