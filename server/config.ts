import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { flagOverridesSchema } from './media/flag-overrides.ts'
import { findInstallation } from './lib/installation.ts'
import { OperatorError } from './lib/operator-error.ts'
import { listSettings, readSettings, type Setting } from './lib/settings.ts'
import { parseSocketAddress, type SocketAddress } from './lib/socket-address.ts'

/**
 * Every setting with its unit, its default and a sentence; the only reader of the configuration file and of the environment.
 * Whoever needs a setting gets its value from `main.ts`.
 */
export type Config = DeepReadonly<z.output<typeof schema>> & {
  /** The file that was read, absolute; undefined when there was none. */
  readonly file?: string
  /** The SQLite database in `dataDir`. */
  readonly databaseFile: string
  readonly certificate: { readonly dir: string }
}

type DeepReadonly<T> = T extends readonly (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

export interface PortRange {
  readonly min: number
  readonly max: number
}

export interface LoadedConfig {
  readonly config: Config
  /** For the log: what was found odd but does no harm. */
  readonly warnings: readonly string[]
}

export interface ConfigSource {
  /** `--config FILE`. */
  readonly file?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Where `offhook.yaml` is looked for, and from where relative paths count when there is no file. */
  readonly folder?: string
}

const envPrefix = 'OFFHOOK_'
const fileVariable = 'OFFHOOK_CONFIG'

/** Until somebody writes a configuration, phones and browsers find everything; with one, what is not written is off. */
const withoutFile = { listen: { tls: '0.0.0.0:5061', https: '0.0.0.0:8443' } }

const addressRule = 'must be ADDRESS:PORT, like 0.0.0.0:5060 or [::]:5060 (port 0: any free port)'

const address = z.string().transform((text, context): SocketAddress => {
  const parsed = parseSocketAddress(text)
  if (parsed) return parsed
  context.addIssue({ code: 'custom', message: `${addressRule}, not "${text}"` })
  return z.NEVER
})

const addresses = z.preprocess(splitList, z.array(address))

/** One listener or none. */
const addressOrOff = z
  .union([z.string(), z.literal(false), z.null()], { error: addressRule })
  .transform((value, context): SocketAddress | undefined => {
    if (!value || value === 'off') return undefined
    const parsed = parseSocketAddress(value)
    if (parsed) return parsed
    context.addIssue({ code: 'custom', message: `${addressRule}, or off, not "${value}"` })
    return z.NEVER
  })

const domain = z
  .string()
  .regex(/^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/, {
    error: 'must be a domain name, like phone.example.com',
  })
  .transform(text => text.toLowerCase())

const database = z.string().transform((text, context): 'sqlite' => {
  if (text !== 'sqlite') {
    const isPostgres = /^postgres(ql)?:/.test(text)
    context.addIssue({
      code: 'custom',
      message: isPostgres ? 'PostgreSQL comes later; this version knows sqlite only' : 'must be sqlite',
    })
  }
  return 'sqlite'
})

const engine = z.string().regex(/^udp:(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):\d{1,5}$/, {
  error: 'must be udp:ADDRESS:PORT, where rtpengine listens for NG commands (its --listen-ng)',
})

const portRange = z.string().transform((text, context): PortRange => {
  const [, min, max] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).map(Number)
  if (min !== undefined && max !== undefined && min >= 1024 && max <= 65_535 && max - min >= 3) return { min, max }
  context.addIssue({ code: 'custom', message: 'must be LOW-HIGH, between 1024 and 65535 and at least 4 ports' })
  return z.NEVER
})

const count = z.int().min(0)
const seconds = z.int().min(1)
const onOff = z.boolean()

const schema = z.strictObject({
  domain: domain.optional().meta({
    description:
      "Default domain: the part behind the @ of accounts that are added without one. This machine's own names and addresses count as it. When it is not set, the domain of the first start is kept.",
    example: 'phone.example.com',
  }),
  dataDir: z
    .string()
    .min(1)
    .default('./data')
    .meta({ description: 'Folder of the database and of everything else that has to survive a restart.' }),
  publicAddress: z.string().min(1).optional().meta({
    description: 'Address or name that phones and browsers outside see, when this machine stands behind a NAT.',
    example: '203.0.113.5',
  }),
  database: database.prefault('sqlite').meta({ description: 'Where accounts and registrations are kept.' }),

  listen: z
    .strictObject({
      udp: addresses.prefault(['0.0.0.0:5060']).meta({ description: 'SIP over UDP. An empty list: off.' }),
      tcp: addresses.prefault(['0.0.0.0:5060']).meta({ description: 'SIP over TCP. An empty list: off.' }),
      tls: addresses.prefault([]).meta({
        description: 'SIP over TLS. Without a configuration file `0.0.0.0:5061`.',
        example: '0.0.0.0:5061',
      }),
      http: addressOrOff.prefault('127.0.0.1:8080').meta({
        description:
          'Pages, API and SIP over WebSocket (ws) without encryption; browsers allow the microphone on it from this machine only. `off` switches it off.',
      }),
      https: addressOrOff.prefault('off').meta({
        description: 'Pages, API and SIP over WebSocket (wss). Without a configuration file `0.0.0.0:8443`.',
        example: '0.0.0.0:8443',
      }),
    })
    .prefault({}),

  certificate: z
    .strictObject({
      cert: z.string().min(1).optional().meta({
        description: 'PEM file with the certificate of this server and those between it and the authority.',
        example: '/etc/letsencrypt/live/phone.example.com/fullchain.pem',
      }),
      key: z.string().min(1).optional().meta({
        description: 'PEM file with its private key. Without `cert` and `key` Offhook makes a development certificate.',
        example: '/etc/letsencrypt/live/phone.example.com/privkey.pem',
      }),
      dir: z.string().min(1).optional().meta({
        description:
          'Folder of the development authority and certificate. Not set: `certs/` in a clone, else `certs/` in `dataDir`.',
        example: './certs',
      }),
    })
    .refine(value => (value.cert === undefined) === (value.key === undefined), {
      error: 'needs both cert and key, or neither',
    })
    .prefault({}),

  auth: z
    .strictObject({
      algorithms: z
        .preprocess(splitList, z.array(z.enum(['SHA-256', 'MD5'])).min(1, { error: 'must name at least one' }))
        .prefault(['SHA-256', 'MD5'])
        .meta({
          description:
            'Digest algorithms offered, strongest first. Clients not known to read several challenges get MD5 alone when it is among them: many desk phones give up at any other.',
        }),
      nonceLifetime: seconds.default(300).meta({
        description: 'How long a digest challenge can be answered; then the client is challenged again (stale=true).',
        unit: 'seconds',
      }),
      allowWithoutQop: onOff.default(false).meta({
        description: 'Serve old phones that answer without qop (RFC 2069), each challenge once.',
      }),
      acceptOutside: onOff.default(false).meta({
        description:
          'Let calls from foreign domains reach accounts here without a password. They are never passed on to others.',
      }),
      minPasswordLength: z.int().min(1).default(8).meta({
        description: 'Shorter passwords are refused for new accounts.',
        unit: 'characters',
      }),
    })
    .prefault({}),

  registrar: z
    .strictObject({
      defaultExpires: seconds.default(120).meta({
        description: 'Granted when a phone asks for no time.',
        unit: 'seconds',
      }),
      minExpires: seconds.default(30).meta({ description: 'Shorter wishes are raised to it.', unit: 'seconds' }),
      maxExpires: seconds.default(300).meta({
        description: 'Longer wishes of phones are cut to it: it keeps the way through their NAT open.',
        unit: 'seconds',
      }),
      maxExpiresWebSocket: seconds.default(600).meta({
        description: 'The same for browsers, whose connection shows by itself when they are gone.',
        unit: 'seconds',
      }),
      rejectBrief: onOff.default(false).meta({
        description: 'Answer 423 Interval Too Brief to wishes below `minExpires` instead of raising them.',
      }),
      maxContacts: count.default(20).meta({
        description: 'Phones and browsers registered at once for one account; 0: any number.',
      }),
    })
    .refine(value => value.minExpires <= value.maxExpires, { error: 'minExpires must not be above maxExpires' })
    .prefault({}),

  media: z
    .strictObject({
      mode: z.enum(['auto', 'none']).default('auto').meta({
        description:
          '`auto`: media is controlled, so that browsers and phones understand each other. `none`: SDP passes untouched (signalling only).',
      }),
      engines: z.preprocess(splitList, z.array(engine)).prefault([]).meta({
        description:
          'Instances of rtpengine to use, each where it listens for NG commands. Empty: an rtpengine found on this machine is started.',
        example: 'udp:127.0.0.1:2223',
      }),
      portRange: portRange.optional().meta({
        description:
          'UDP ports for media of an rtpengine that Offhook starts itself. Not set: the first 2000 that no other Offhook uses, from 20000 on.',
        example: '30000-31999',
      }),
      flags: flagOverridesSchema.default({}).meta({
        description: 'Overrides of the flag table, by row.',
        example: '{ ws-phone: { offer: { codec: { strip: [ opus ] } } } }',
      }),
    })
    .prefault({}),

  limits: z
    .strictObject({
      messageBytes: count.default(65_536).meta({
        description: 'Size of one SIP message; larger ones are answered 513.',
        unit: 'bytes',
      }),
      headerBytes: count.default(32_768).meta({
        description: 'Size of the header of one SIP message on a connection; more is answered 513.',
        unit: 'bytes',
      }),
      headerFields: count
        .default(256)
        .meta({ description: 'Header fields of one SIP message; more are answered 400.' }),
      connections: count.default(20_000).meta({
        description: 'Open connections (TCP, TLS, WebSocket) together; one more is closed at once.',
      }),
      connectionsPerAddress: count.default(1_000).meta({
        description: 'Open connections of one IPv4 address or IPv6 /64. Many browsers behind one NAT share it.',
      }),
      messageTimeoutMs: count.default(30_000).meta({
        description: 'From the start of a connection to its first message, and from first to last byte of any message.',
        unit: 'milliseconds',
      }),
      connectTimeoutMs: count.default(5_000).meta({
        description: 'Until a connection that Offhook opens is through, handshake included.',
        unit: 'milliseconds',
      }),
      sendBufferBytes: count.default(1_048_576).meta({
        description: 'What may wait for a peer that does not read; more closes the connection.',
        unit: 'bytes',
      }),
      pingIntervalMs: count.default(15_000).meta({
        description: 'Between pings to a browser; its connection is closed after two without an answer.',
        unit: 'milliseconds',
      }),
      transactions: count.default(200_000).meta({
        description: 'SIP transactions alive at once; beyond it no new request is taken.',
      }),
      rememberedNonces: count.default(100_000).meta({
        description: 'Digest challenges whose use is counted against replay.',
      }),
    })
    .prefault({}),

  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').meta({
        description: 'The least serious line that is written, to standard error.',
      }),
      format: z.enum(['auto', 'pretty', 'json']).default('auto').meta({
        description: '`auto`: for people on a terminal, otherwise one JSON object a line.',
      }),
    })
    .prefault({}),
})

/** The settings as data: names, defaults and sentences for the page in `docs/`. */
export const settings: readonly Setting[] = listSettings(schema, envPrefix)

/**
 * Reads `--config`, else `OFFHOOK_CONFIG`, else `offhook.yaml` in `folder` when it is there, else nothing; then the environment.
 * Throws an `OperatorError` (`CONFIG_NOT_FOUND`, `CONFIG_INVALID`) with one line per problem.
 */
export function loadConfig({ file, env = process.env, folder = process.cwd() }: ConfigSource = {}): LoadedConfig {
  const path = findFile(file ?? env[fileVariable], folder)
  const reading = readSettings(schema, {
    file: path === undefined ? undefined : { name: path, text: readText(path) },
    env,
    envPrefix,
    envReserved: [fileVariable],
    base: path === undefined ? withoutFile : {},
  })
  if (reading.value === undefined) throw new OperatorError('CONFIG_INVALID', reading.problems.join('\n'))
  return { config: complete(reading.value, path, folder), warnings: reading.warnings }
}

function findFile(named: string | undefined, folder: string): string | undefined {
  if (named) return resolve(folder, named)
  const usual = resolve(folder, 'offhook.yaml')
  return existsSync(usual) ? usual : undefined
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : (error as Error).message
    throw new OperatorError('CONFIG_NOT_FOUND', `the configuration file ${file} ${why}`, { cause: error })
  }
}

/** Relative paths count from the folder of the file, so that it does not matter where the program is started. */
function complete(value: z.output<typeof schema>, file: string | undefined, folder: string): Config {
  const base = file === undefined ? folder : dirname(file)
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(base, path)
  const dataDir = resolve(base, value.dataDir)
  const { cert, key, dir } = value.certificate
  return deepFreeze({
    ...value,
    file,
    dataDir,
    databaseFile: join(dataDir, 'offhook.sqlite'),
    certificate: { cert: absolute(cert), key: absolute(key), dir: absolute(dir) ?? developmentFolder(dataDir) },
  })
}

/** A clone keeps its authority over `rm -r data`; the published package may not write beside itself. */
function developmentFolder(dataDir: string): string {
  const { root, isClone } = findInstallation()
  return join(isClone ? root : dataDir, 'certs')
}

/** `a, b` and lists mean the same, so that every list can be written in the environment; `off` and nothing are empty. */
function splitList(value: unknown): unknown {
  if (value === null || value === false || value === 'off') return []
  if (typeof value !== 'string') return value
  return value
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value) as unknown[])
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner)
  return Object.freeze(value)
}
