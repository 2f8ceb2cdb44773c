import type { Certificate, CertificateFiles } from '../certificates/certificate.ts'
import type { Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { listenProblem, type ListenKey } from '../lib/listen-problem.ts'
import type { Machine } from '../lib/machine.ts'
import { localPageUrl, pageUrls, reachableHosts } from '../lib/page-urls.ts'
import { serializeSocketAddress, type SocketAddress } from '../lib/socket-address.ts'

/** One line of the doctor's report. */
export interface Finding {
  readonly check: string
  /** `warning`: works, but somebody may be surprised. `failed`: does not work. */
  readonly status: 'ok' | 'warning' | 'failed'
  readonly text: string
  /** What to do; always there unless all is well. */
  readonly advice?: string
}

/** How the doctor looks at the world; each may reject with an error that says why. */
export interface Probes {
  readonly nodeVersion: string
  readonly isNodeSupported: boolean
  machine(): Machine
  /** Makes the folder when it is missing. */
  tryWriting(folder: string): Promise<void>
  /** Undefined when there is no database yet. */
  countUsers(config: Config): Promise<number | undefined>
  /** Opens and closes a socket. */
  tryListening(protocol: 'udp' | 'tcp', address: SocketAddress): Promise<void>
  /** Whether an Offhook answers `/healthz` there. */
  isOffhook(scheme: 'http' | 'https', address: SocketAddress): Promise<boolean>
  /** Whether anybody answers OPTIONS there. */
  isSipServer(transport: 'udp' | 'tcp' | 'tls', address: SocketAddress): Promise<boolean>
  loadCertificate(files: CertificateFiles): Certificate
  /** Undefined before the first start. */
  developmentCertificate(folder: string): Certificate | undefined
  /** `udp:HOST:PORT`; rejects when it does not answer. */
  pingEngine(address: string): Promise<void>
  findRtpengine(): Promise<{ readonly path: string; readonly version: string } | undefined>
}

const dayMs = 86_400_000
/** Renewals by ACME happen 30 days before the end; when it comes this near one has failed. */
const certificateWarningDays = 14

/** Everything that can be looked at from outside, in the order in which a start would meet it. */
export async function examine(config: Config, probes: Probes, clock: Clock): Promise<Finding[]> {
  const ports = await portFindings(config, probes)
  return [
    nodeFinding(probes),
    { check: 'configuration', status: 'ok', text: config.file ?? 'no offhook.yaml: the defaults hold' },
    await folderFinding(config, probes),
    await databaseFinding(config, probes),
    ...ports,
    ...certificateFindings(config, probes, clock),
    ...(await mediaFindings(config, probes)),
    addressFinding(config, probes.machine()),
  ]
}

function nodeFinding({ nodeVersion, isNodeSupported }: Probes): Finding {
  const text = `Node ${nodeVersion}`
  if (isNodeSupported) return { check: 'node', status: 'ok', text }
  return { check: 'node', status: 'failed', text, advice: 'install Node 20.19 or newer, 22.13 or newer, or 24' }
}

async function folderFinding({ dataDir }: Config, probes: Probes): Promise<Finding> {
  const check = 'data folder'
  const problem = await problemOf(() => probes.tryWriting(dataDir))
  if (!problem) return { check, status: 'ok', text: `${dataDir} can be written` }
  const advice = 'make it writable for this user or set dataDir'
  return { check, status: 'failed', text: `${dataDir}: ${problem.message}`, advice }
}

async function databaseFinding(config: Config, probes: Probes): Promise<Finding> {
  const check = 'database'
  try {
    const users = await probes.countUsers(config)
    if (users === undefined) return { check, status: 'ok', text: 'not there yet; the first start makes it' }
    if (users > 0) return { check, status: 'ok', text: `${users} ${users === 1 ? 'user' : 'users'}` }
    return { check, status: 'warning', text: 'no users', advice: 'add one: npx offhook user add NAME' }
  } catch (error) {
    return { check, status: 'failed', text: (error as Error).message, advice: `look at ${config.databaseFile}` }
  }
}

async function portFindings({ listen }: Config, probes: Probes): Promise<Finding[]> {
  const wanted: [ListenKey, SocketAddress][] = [
    ...(['udp', 'tcp', 'tls'] as const).flatMap(key => listen[key].map((at): [ListenKey, SocketAddress] => [key, at])),
    ...(['http', 'https'] as const).flatMap((key): [ListenKey, SocketAddress][] =>
      listen[key] ? [[key, listen[key]]] : [],
    ),
  ]
  const findings = await Promise.all(wanted.map(([key, address]) => portFinding(key, address, probes)))
  // Whoever answers SIP beside an Offhook that serves pages is that Offhook; without one it is somebody else.
  const isRunning = findings.some(({ holder }) => holder === 'offhook')
  const hasPages = listen.http !== undefined || listen.https !== undefined
  return findings.map(({ finding, holder, problem }) => {
    if (holder !== 'sip' || (hasPages && !isRunning)) return problem ?? finding
    return { ...finding, text: `${finding.text}: Offhook answers` }
  })
}

interface PortExamination {
  readonly finding: Finding
  /** What to say when the port is held by a stranger. */
  readonly problem?: Finding
  readonly holder?: 'offhook' | 'sip'
}

async function portFinding(key: ListenKey, address: SocketAddress, probes: Probes): Promise<PortExamination> {
  const check = `listen.${key}`
  const where = serializeSocketAddress(address)
  const ok = (text: string): Finding => ({ check, status: 'ok', text })
  if (address.port === 0) return { finding: ok(`${where}: any free port`) }
  const error = await problemOf(() => probes.tryListening(key === 'udp' ? 'udp' : 'tcp', address))
  if (!error) return { finding: ok(`${where} is free`) }
  const [text, advice] = splitAdvice(listenProblem(error, key, address).message)
  const problem: Finding = { check, status: 'failed', text, advice }
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return { finding: problem }
  const reachable = { host: reachableOnThisMachine(address.host), port: address.port }
  if (key === 'http' || key === 'https') {
    const isOurs = await probes.isOffhook(key, reachable)
    return isOurs ? { finding: ok(`${where}: Offhook answers`), holder: 'offhook' } : { finding: problem }
  }
  if (!(await probes.isSipServer(key, reachable))) return { finding: problem }
  return { finding: ok(where), problem, holder: 'sip' }
}

function certificateFindings(config: Config, probes: Probes, clock: Clock): Finding[] {
  const { listen, certificate } = config
  if (listen.tls.length === 0 && !listen.https) return []
  const { cert, key, dir } = certificate
  const check = 'certificate'
  try {
    if (cert !== undefined && key !== undefined)
      return [configuredFinding(probes.loadCertificate({ cert, key }), config, clock)]
    const development = probes.developmentCertificate(dir)
    const text = development ? 'development certificate' : 'none yet; the first start makes a development certificate'
    const authority = development?.authorityFile ?? `${dir}/authority.pem`
    const advice = `for other machines: trust ${authority} there (docs/certificates.md), or set certificate.cert and certificate.key`
    return [{ check, status: 'warning', text, advice }]
  } catch (error) {
    const [text, advice] = splitAdvice((error as Error).message)
    return [{ check, status: 'failed', text, advice }]
  }
}

function configuredFinding({ names, notAfter, files }: Certificate, config: Config, clock: Clock): Finding {
  const check = 'certificate'
  const days = Math.floor((notAfter - clock.now()) / dayMs)
  const text = `${files.cert}: ${names.join(', ')}; ${days} days left`
  const missing = config.domain !== undefined && !names.some(name => covers(name, config.domain!))
  if (missing)
    return {
      check,
      status: 'warning',
      text,
      advice: `it is not for ${config.domain}: browsers that open that name refuse it`,
    }
  if (days < certificateWarningDays) return { check, status: 'warning', text, advice: 'renew it now' }
  return { check, status: 'ok', text }
}

/** RFC 9525 §6.3: a wildcard stands for one label, the leftmost. */
function covers(name: string, domain: string): boolean {
  return name === domain || (name.startsWith('*.') && name.slice(1) === domain.slice(domain.indexOf('.')))
}

async function mediaFindings({ media }: Config, probes: Probes): Promise<Finding[]> {
  const check = 'media'
  if (media.mode === 'none')
    return [{ check, status: 'ok', text: 'none: SDP passes untouched, so browsers and phones cannot hear each other' }]
  if (media.engines.length > 0) return Promise.all(media.engines.map(engine => engineFinding(engine, probes)))
  const found = await probes.findRtpengine()
  if (found) return [{ check, status: 'ok', text: `${found.path} ${found.version}: Offhook starts it` }]
  return [
    {
      check,
      status: 'failed',
      text: 'no rtpengine on this machine',
      advice: 'install it (Debian, Ubuntu: apt install rtpengine-daemon) or set media.engines to one elsewhere',
    },
  ]
}

async function engineFinding(engine: string, probes: Probes): Promise<Finding> {
  const problem = await problemOf(() => probes.pingEngine(engine))
  if (!problem) return { check: 'media', status: 'ok', text: `rtpengine at ${engine} answers` }
  return {
    check: 'media',
    status: 'failed',
    text: `rtpengine at ${engine} does not answer (${problem.message})`,
    advice: 'start it, and check its --listen-ng and the firewall between',
  }
}

function addressFinding({ listen }: Config, machine: Machine): Finding {
  const { http, https } = listen
  const urls = [...(http ? [localPageUrl(http)] : []), ...(https ? pageUrls(https, machine) : [])]
  if (urls.length > 0) return { check: 'open', status: 'ok', text: urls.join('  ') }
  const sip = [...listen.udp, ...listen.tcp, ...listen.tls].flatMap(address => reachableHosts(address, machine))
  const text = `no pages (listen.http and listen.https are off); SIP at ${[...new Set(sip)].join(', ')}`
  return { check: 'open', status: 'warning', text, advice: 'set listen.https for browsers' }
}

/** Our messages say what is wrong and, after the last colon, what to do. */
function splitAdvice(message: string): [text: string, advice: string] {
  const at = message.lastIndexOf(': ')
  return at < 0 ? [message, ''] : [message.slice(0, at), message.slice(at + 2)]
}

function reachableOnThisMachine(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
}

async function problemOf(work: () => Promise<unknown>): Promise<Error | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error as Error
  }
}
