import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { randomPassword } from './accounts/random-password.ts'
import { EchoApp } from './apps/echo/echo-app.ts'
import { loadCertificate, type Certificate } from './certificates/certificate.ts'
import { ensureDevelopmentCertificate } from './certificates/development-certificate.ts'
import type { Config } from './config.ts'
import { Advertised, type LocalNetwork } from './edge/advertised.ts'
import { Edge } from './edge/edge.ts'
import { Home } from './edge/home.ts'
import { LocalFlow, parseLocal } from './edge/local-flow.ts'
import { RouteTokens } from './edge/route-token.ts'
import { makeFirstAccounts } from './first-start.ts'
import { guardedClock, systemClock, type Clock } from './lib/clock.ts'
import { randomId } from './lib/ids.ts'
import { findInstallation } from './lib/installation.ts'
import { listenProblem, type ListenKey } from './lib/listen-problem.ts'
import type { Log } from './lib/log.ts'
import { describeMachine, type Machine } from './lib/machine.ts'
import type { SocketAddress } from './lib/socket-address.ts'
import type { Engines } from './media/engines.ts'
import { openMedia } from './media/open-media.ts'
import { createPages } from './portal/pages.ts'
import { HttpServer } from './portal/http-server.ts'
import { AbandonedBindings } from './registrar/abandoned-bindings.ts'
import type { Binding } from './registrar/binding.ts'
import { MemoryLocation } from './registrar/memory-location.ts'
import { Registrar } from './registrar/registrar.ts'
import { Nonces } from './sip/digest/nonces.ts'
import { serializeUri } from './sip/message/uri.ts'
import { TransactionLayer } from './sip/transaction/transaction-layer.ts'
import { dnsResolver } from './sip/transport/dns-resolver.ts'
import type { FlowRef } from './sip/transport/flow.ts'
import { resolveNextHop } from './sip/transport/next-hop.ts'
import { TransportLayer } from './sip/transport/transport-layer.ts'
import { openServices } from './services.ts'
import type { Store } from './store/open-store.ts'
import type { Welcome } from './welcome.ts'

export interface Offhook {
  /** What there is to tell the person who started it. */
  readonly welcome: Welcome
  /** Ends everything in reverse order. Idempotent. */
  stop(): Promise<void>
}

/** Number of the echo test. */
const echoNumber = '*43'

/** The composition root: configuration → parts → wiring → start. Whatever fails takes down what had been started before. */
export async function start(config: Config, log: Log, time: Clock = systemClock): Promise<Offhook> {
  const clock = guardedClock(time, error => log.error({ err: error }, 'a timer failed'))
  const closers: (() => Promise<void> | void)[] = []
  // A mistake of ours in one call must not end all the others.
  const failed = (error: unknown): void => log.error({ err: error }, 'something failed that nobody waited for')
  process.on('unhandledRejection', failed)
  closers.push(() => void process.off('unhandledRejection', failed))
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => (stopping ??= closeAll(closers, log))
  try {
    return { welcome: await compose(config, log, clock, close => closers.push(close)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function closeAll(closers: (() => Promise<void> | void)[], log: Log): Promise<void> {
  for (const close of closers.reverse())
    try {
      await close()
    } catch (error) {
      log.error({ err: error }, 'something did not close')
    }
}

type OnClose = (close: () => Promise<void> | void) => void

async function compose(config: Config, log: Log, clock: Clock, onClose: OnClose): Promise<Welcome> {
  const machine = describeMachine()
  const services = await openServices({ config, log, clock, mustExist: false })
  const { store, defaultDomain: domain } = services
  onClose(() => store.close())
  const isEncrypted = config.listen.tls.length > 0 || config.listen.https !== undefined
  const identity = isEncrypted ? await loadIdentity(config, machine, clock, log) : undefined
  const { portRange, ...mediaConfig } = config.media
  const media = await openMedia({
    ...mediaConfig,
    ports: portRange,
    publicAddress: config.publicAddress,
    addresses: machine.addresses,
    loopbackOnly: [...config.listen.udp, ...config.listen.tcp].every(({ host }) => isLoopback(host)),
    path: process.env.PATH,
    clock,
    log,
  })
  onClose(() => media.close())
  const sip = await openSip({ config, log, clock, onClose, machine, domain, store, engines: media.engines })
  const listeners = await listen(config, log, onClose, { sip, identity, domain })
  // Last, as passwords are shown once: a start that fails at a taken port would lose them. Whoever has written a configuration
  // adds accounts of their own.
  const isTrial = config.file === undefined
  const firstAccounts = isTrial ? await makeFirstAccounts({ ...services, password: randomPassword }) : undefined
  return {
    version: findInstallation().version,
    domain,
    machine,
    listeners,
    engine: media.description,
    echo: echoNumber,
    authorityFile: identity?.authorityFile,
    firstAccounts,
  }
}

interface Identity extends Certificate {
  /** Of a development certificate. */
  readonly authorityFile?: string
}

async function loadIdentity(config: Config, machine: Machine, clock: Clock, log: Log): Promise<Identity> {
  const { cert, key, dir } = config.certificate
  if (cert !== undefined && key !== undefined) return loadCertificate({ cert, key }, clock)
  const names = [...machine.names, ...(config.domain ? [config.domain] : [])]
  const addresses = [...machine.loopback, ...machine.addresses]
  const { publicAddress } = config
  if (publicAddress !== undefined) (isIP(publicAddress) ? addresses : names).push(publicAddress)
  const made = await ensureDevelopmentCertificate({ dir, names, addresses, clock })
  for (const what of made.made) log.info({ dir }, `development ${what} made`)
  return made
}

interface SipParts {
  readonly config: Config
  readonly log: Log
  readonly clock: Clock
  readonly onClose: OnClose
  readonly machine: Machine
  readonly domain: string
  readonly store: Store
  readonly engines: Engines | undefined
}

/** The SIP edge with everything it stands on, not listening yet. */
async function openSip(parts: SipParts): Promise<TransportLayer> {
  const { config, log, clock, onClose, machine, domain, store, engines } = parts
  const { auth, limits, registrar } = config
  const transports = new TransportLayer({
    events: { message: (message, flow) => edge.receive(message, flow), closed: flow => edge.flowClosed(flow) },
    limits,
    log,
    clock,
  })
  onClose(() => transports.close())
  const transactions = new TransactionLayer({ clock, limits })
  onClose(() => transactions.close())
  const location = openLocation(store, clock, log)
  await location.start()
  onClose(() => location.close())
  const home = new Home({
    domain,
    names: [
      ...[...machine.names, ...machine.loopback, ...machine.addresses],
      ...(config.publicAddress ? [config.publicAddress] : []),
    ],
    ports: () => [...transports.listeners.map(({ address }) => address.port), ...pagePorts(config)],
  })
  await followStore(store, home, location, log, onClose)
  const secret = Buffer.from(await store.settings.getOrCreate('secret', () => randomId(32)), 'hex')
  const echo = openEcho(engines, log, clock, onClose, text => edge.receive(parseLocal(text), echo))
  const locals = new Map([[echo.id, echo]])
  const findFlow = (ref: FlowRef) => locals.get(ref.id) ?? transports.find(ref)
  const isGone = ({ flow }: Binding): boolean => !findFlow(flow)?.isOpen
  const onError = (error: unknown): void => log.error({ err: error }, 'the store could not forget browsers that left')
  const abandoned = new AbandonedBindings({ clock, location, isGone, onError })
  onClose(() => abandoned.close())
  const resolver = dnsResolver()
  const edge: Edge = new Edge({
    clock,
    log,
    home,
    transactions,
    location,
    subscribers: store.subscribers,
    registrar: new Registrar({
      location,
      clock,
      limits: { contacts: registrar.maxContacts },
      expiry: {
        phone: { default: registrar.defaultExpires, min: registrar.minExpires, max: registrar.maxExpires },
        webSocket: {
          default: registrar.maxExpiresWebSocket,
          min: registrar.minExpires,
          max: registrar.maxExpiresWebSocket,
        },
      },
      tooBrief: registrar.rejectBrief ? 'reject' : 'raise',
      isGone,
    }),
    digest: {
      nonces: new Nonces({ clock, secret, lifetime: auth.nonceLifetime, limit: limits.rememberedNonces }),
      algorithms: auth.algorithms,
      allowWithoutQop: auth.allowWithoutQop,
    },
    acceptOutside: auth.acceptOutside,
    tokens: new RouteTokens(secret),
    findFlow,
    bindingById: id => location.byId(id),
    nextHops: async (uri, allowed) =>
      (await resolveNextHop(uri, resolver)).flatMap(hop => {
        if (!allowed(hop.host)) return []
        const flow = transports.connect(hop)
        return flow ? [{ uri: serializeUri(uri), flow }] : []
      }),
    serviceNumbers: new Map([[echoNumber, echo]]),
    advertised: new Advertised({
      publicAddress: config.publicAddress,
      networks: localNetworks(),
      ports: transport =>
        transports.listeners.filter(one => one.transport === transport).map(({ address }) => address.port),
    }),
    responseFlow: (request, flow) => transports.responseFlow(request, flow),
    engines,
  })
  return transports
}

/** One line of log for each registration that comes or goes (not for each refresh). */
function openLocation(store: Store, clock: Clock, log: Log): MemoryLocation {
  const about = ({ aor, contact, flow, userAgent }: Binding) => ({
    aor,
    contact,
    from: `${flow.transport} ${flow.remote.host}:${flow.remote.port}`,
    userAgent,
  })
  return new MemoryLocation({
    store: store.bindings,
    clock,
    onAdded: binding => log.info(about(binding), 'registered'),
    onRemoved: (binding, why) =>
      log.info(about(binding), why === 'expired' ? 'registration expired' : 'registration ended'),
    onError: error => log.error({ err: error }, 'the store could not forget expired registrations'),
  })
}

/** What the command line changes in the database shows here within a second. */
async function followStore(store: Store, home: Home, location: MemoryLocation, log: Log, onClose: OnClose) {
  const readDomains = async (): Promise<void> => home.setDomains((await store.domains.list()).map(({ name }) => name))
  await readDomains()
  const failed = (error: unknown): void => log.error({ err: error }, 'a change of the database could not be read')
  onClose(
    store.changes(() => {
      readDomains().catch(failed)
      Promise.resolve(location.reload()).catch(failed)
    }),
  )
}

function openEcho(
  engines: Engines | undefined,
  log: Log,
  clock: Clock,
  onClose: OnClose,
  send: (text: string) => void,
): LocalFlow {
  const app = new EchoApp({
    send,
    mediaAddress: () => engines?.localAddress() ?? '127.0.0.1',
    mediaSource: () => engines?.remoteAddress(),
    contactHost: 'localhost',
    clock,
    log,
  })
  onClose(() => app.close())
  return new LocalFlow(
    'echo',
    message => app.receive(message),
    error => log.error({ err: error }, 'the echo test failed'),
  )
}

type Open = (address: SocketAddress) => Promise<SocketAddress>

interface ListenParts {
  readonly sip: TransportLayer
  /** undefined when nothing listens that needs one. */
  readonly identity: Identity | undefined
  readonly domain: string
}

async function listen(config: Config, log: Log, onClose: OnClose, { sip, identity, domain }: ListenParts) {
  const { udp, tcp, tls, http, https } = config.listen
  const installation = findInstallation()
  const pages = new HttpServer({
    app: createPages({
      clientDir: join(installation.root, 'dist', 'client'),
      softphone: () => ({ domain, sip: '/sip', name: 'Offhook', version: installation.version, echo: echoNumber }),
      log,
    }),
    onSip: (request, socket, head) => sip.handleUpgrade(request, socket, head),
    log,
    maxConnections: config.limits.connections,
  })
  onClose(() => pages.stop())
  const all = (key: ListenKey, addresses: readonly SocketAddress[], open: Open): Promise<SocketAddress[]> =>
    Promise.all(
      addresses.map(address =>
        open(address).catch((error: unknown) => {
          throw listenProblem(error, key, address)
        }),
      ),
    )
  return {
    udp: await all('udp', udp, async address => (await sip.listenUdp(address)).address),
    tcp: await all('tcp', tcp, async address => (await sip.listenTcp(address)).address),
    tls: await all('tls', tls, async address => (await sip.listenTls(address, identity!)).address),
    http: (await all('http', http ? [http] : [], address => pages.listenHttp(address)))[0],
    https: (await all('https', https ? [https] : [], address => pages.listenHttps(address, identity!)))[0],
  }
}

/** Browsers write the port of the page into URIs: SIP over WebSocket shares it. */
const pagePorts = ({ listen: { http, https } }: Config): number[] => [http, https].flatMap(at => at?.port || [])

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')

const localNetworks = (): LocalNetwork[] =>
  Object.values(networkInterfaces()).flatMap(entries =>
    (entries ?? []).flatMap(({ address, cidr }) => (cidr ? [{ address, cidr }] : [])),
  )
