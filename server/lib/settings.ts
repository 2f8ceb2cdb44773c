import { isMap, LineCounter, parse, parseDocument, type Document } from 'yaml'
import { z } from 'zod'

/**
 * Settings as one zod schema of nested strict objects. Each leaf carries `.meta({ description, unit?, example? })` and a default
 * or is optional. From it come the reading of a YAML file and of the environment, messages with the line of the mistake, and
 * the page that documents the settings.
 */
export interface Setting {
  readonly path: readonly string[]
  /** Name of the environment variable with the same meaning. */
  readonly env: string
  /** Whether the environment variable is read as YAML (numbers, truth values, groups) or taken as text. */
  readonly isYaml: boolean
  /** As it would stand in the file; undefined when there is none. */
  readonly default: unknown
  readonly description: string
  readonly unit?: string
  readonly example?: string
}

export interface SettingsSource {
  /** Text of the file and the name by which messages call it. */
  readonly file?: { readonly name: string; readonly text: string }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly envPrefix: string
  /** Variables with the prefix that mean something else. */
  readonly envReserved?: readonly string[]
  /** What is set when neither file nor environment says otherwise; wins over the defaults of the schema. */
  readonly base?: object
}

export interface SettingsReading<T> {
  /** Undefined when there are problems. */
  readonly value?: T
  /** One line each: place, key, what is wrong, what is allowed. */
  readonly problems: readonly string[]
  /** Unknown environment variables are no error: orchestrators set `NAME_SERVICE_HOST` and the like by themselves. */
  readonly warnings: readonly string[]
}

type Path = readonly PropertyKey[]
interface Definition {
  readonly type: string
  readonly innerType?: z.ZodType
  readonly in?: z.ZodType
  readonly defaultValue?: unknown
  readonly keyType?: z.ZodType
  readonly valueType?: z.ZodType
}

export function readSettings<S extends z.ZodObject>(schema: S, source: SettingsSource): SettingsReading<z.output<S>> {
  const lines = new LineCounter()
  const document = parseDocument(source.file?.text ?? '', { lineCounter: lines })
  const place = (offset: number): string => `${source.file?.name ?? ''}:${lines.linePos(offset).line}`
  const syntax = document.errors.map(error => `${place(error.pos[0])}: ${firstLine(error.message)}`)
  if (syntax.length > 0) return { problems: syntax, warnings: [] }
  const written: unknown = document.toJS() ?? {}
  if (!isRecord(written)) return { problems: [`${place(0)}: must be a list of "key: value" lines`], warnings: [] }

  const settings = listSettings(schema, source.envPrefix)
  const input = merge(source.base ?? {}, withoutEmptyGroups(schema, written))
  const fromEnv = settings.filter(setting => (source.env[setting.env] ?? '') !== '')
  for (const setting of fromEnv) setAt(input, setting.path, readVariable(setting, source.env[setting.env]!))

  const warnings = unknownVariables(source, settings)
  const result = schema.safeParse(input)
  if (result.success) return { value: result.data, problems: [], warnings }
  const problems = result.error.issues
    .flatMap(issue => explain(schema, issue))
    .map(({ path, text }) => {
      const variable = fromEnv.find(setting => startsWith(path, setting.path))
      if (variable) return { offset: -1, text: `${variable.env}: ${text}` }
      const offset = offsetOf(document, path) ?? 0
      return { offset, text: `${place(offset)}: ${path.join('.')}: ${text}` }
    })
    .sort((a, b) => a.offset - b.offset)
  return { problems: problems.map(problem => problem.text), warnings }
}

/** Every leaf, in the order of the schema. */
export function listSettings(schema: z.ZodType, envPrefix: string, path: readonly string[] = []): Setting[] {
  const object = shapeOf(schema)
  if (object) return Object.entries(object).flatMap(([key, child]) => listSettings(child, envPrefix, [...path, key]))
  const meta = (schema.meta() ?? {}) as { description?: string; unit?: string; example?: string }
  const definition = schema.def as Definition
  return [
    {
      path,
      env: envPrefix + path.map(snakeCase).join('_'),
      isYaml: yamlTypes.includes(leafType(schema)),
      default: definition.defaultValue,
      description: meta.description ?? '',
      unit: meta.unit,
      example: meta.example,
    },
  ]
}

/** The candidate nearest to `word`, if near enough to be a slip of the fingers. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const allowed = word.length < 5 ? 2 : 3
  const ranked = candidates
    .map(candidate => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  return ranked[0] && ranked[0].distance < allowed ? ranked[0].candidate : undefined
}

function explain(schema: z.ZodType, issue: z.core.$ZodIssue): { path: Path; text: string }[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => {
        const allowed = keysOf(descend(schema, issue.path))
        const meant = didYouMean(key, allowed)
        const hint = meant === undefined ? '.' : `; did you mean "${meant}"?`
        return { path: [...issue.path, key], text: `there is no such key${hint} Allowed: ${allowed.join(', ')}` }
      })
    case 'invalid_type':
      return [{ path: issue.path, text: `must be ${typeNames[issue.expected] ?? issue.expected}` }]
    case 'invalid_value':
      return [{ path: issue.path, text: `must be ${issue.values.map(String).join(' or ')}` }]
    case 'too_small':
      return [{ path: issue.path, text: `must be ${String(issue.minimum)} or more` }]
    case 'too_big':
      return [{ path: issue.path, text: `must be ${String(issue.maximum)} or less` }]
    default:
      return [{ path: issue.path, text: issue.message }]
  }
}

const typeNames: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
}

function shapeOf(schema: z.ZodType | undefined): Record<string, z.ZodType> | undefined {
  if (schema === undefined) return undefined
  if (schema instanceof z.ZodObject) return schema.shape
  return shapeOf((schema.def as Definition).innerType)
}

function descend(schema: z.ZodType | undefined, path: Path): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((at, key) => shapeOf(at)?.[String(key)] ?? valuesOf(at), schema)
}

function keysOf(schema: z.ZodType | undefined): string[] {
  const shape = shapeOf(schema)
  if (shape) return Object.keys(shape)
  const { innerType, keyType } = (schema?.def ?? {}) as Partial<Definition>
  if (innerType) return keysOf(innerType)
  return keyType instanceof z.ZodEnum ? keyType.options.map(String) : []
}

/** Of a record, what all its values are. */
function valuesOf(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema === undefined) return undefined
  const { innerType, valueType } = schema.def as Definition
  return valueType ?? valuesOf(innerType)
}

/** Type under defaults and `optional`; for a preprocessed or transformed value the type that is written. */
function leafType(schema: z.ZodType): string {
  const { type, innerType, in: input } = schema.def as Definition
  return innerType ? leafType(innerType) : type === 'pipe' && input ? leafType(input) : type
}

const yamlTypes = ['number', 'boolean', 'record']

function readVariable(setting: Setting, text: string): unknown {
  if (!setting.isYaml) return text
  try {
    return parse(text) as unknown
  } catch {
    return text
  }
}

function unknownVariables(source: SettingsSource, settings: readonly Setting[]): string[] {
  const known = [...settings.map(setting => setting.env), ...(source.envReserved ?? [])]
  return Object.keys(source.env)
    .filter(name => name.startsWith(source.envPrefix) && !known.includes(name))
    .flatMap(name => {
      const meant = didYouMean(name, known)
      return meant === undefined ? [] : [`${name} is not read; did you mean ${meant}?`]
    })
}

function offsetOf(document: Document, path: Path): number | undefined {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(item => String(item.key) === String(key))
      offset = (pair?.key as { range?: [number, number, number] } | undefined)?.range?.[0] ?? offset
      node = pair?.value
    } else {
      const item = (node as { items?: { range?: [number, number, number] }[] } | undefined)?.items?.[Number(key)]
      offset = item?.range?.[0] ?? offset
      node = item
    }
  }
  return offset
}

/** `listen:` with nothing but comments under it is an empty group, not a value. */
function withoutEmptyGroups(schema: z.ZodType | undefined, written: Record<string, unknown>): Record<string, unknown> {
  const shape = shapeOf(schema) ?? {}
  const entries = Object.entries(written).flatMap(([key, value]): [string, unknown][] => {
    const inner = shape[key]
    const isGroup = inner !== undefined && (shapeOf(inner) !== undefined || leafType(inner) === 'record')
    if (isGroup && value === null) return []
    return [[key, isGroup && isRecord(value) && shapeOf(inner) ? withoutEmptyGroups(inner, value) : value]]
  })
  return Object.fromEntries(entries)
}

function merge(base: object, over: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = result[key]
    result[key] = isRecord(below) && isRecord(value) ? merge(below, value) : value
  }
  return result
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path
  if (key === undefined) return
  if (rest.length === 0) {
    target[key] = value
    return
  }
  const inner = isRecord(target[key]) ? { ...target[key] } : {}
  target[key] = inner
  setAt(inner, rest, value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function startsWith(path: Path, prefix: readonly string[]): boolean {
  return prefix.every((key, index) => String(path[index]) === key)
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.replace(/ at line \d+, column \d+:?$/, '')
}

/** Insertions, deletions, substitutions and swaps of neighbours (Damerau's distance, optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    const above = rows[i - 1]!
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? rows[i - 2]![j - 2]! + 1 : Infinity
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, replaced, swapped))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
