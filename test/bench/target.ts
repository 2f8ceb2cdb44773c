import { Offhook } from '../support/offhook.ts'
import { Rtpengine } from '../support/rtpengine.ts'
import { Kamailio, type Account } from './kamailio.ts'

export const TARGET_NAMES = ['kamailio', 'offhook'] as const
export type TargetName = (typeof TARGET_NAMES)[number]

export type Media = 'none' | 'rtpengine'

/** At the highest rate some sixty calls are up at once, with four ports each. */
const MEDIA_PORTS = 1_200

/** A server under load, with the rtpengine that is its own. */
export interface Target {
  readonly name: TargetName
  readonly media: Media
  readonly sipPort: number
  readonly pid: number
  readonly domain: string
  readonly rtpengine: Rtpengine | undefined
  stop(): Promise<void>
}

export async function startTarget(
  name: TargetName,
  media: Media,
  domain: string,
  accounts: readonly Account[],
): Promise<Target> {
  const rtpengine = media === 'rtpengine' ? await Rtpengine.start({ mediaPorts: MEDIA_PORTS, logLevel: 3 }) : undefined
  try {
    const server = await startServer(name, rtpengine, domain, accounts)
    return {
      name,
      media,
      domain,
      rtpengine,
      sipPort: server.sipPort,
      pid: server.pid,
      stop: async () => {
        await server.stop()
        await rtpengine?.stop()
      },
    }
  } catch (error) {
    await rtpengine?.stop()
    throw error
  }
}

function startServer(
  name: TargetName,
  rtpengine: Rtpengine | undefined,
  domain: string,
  accounts: readonly Account[],
): Promise<Kamailio | Offhook> {
  if (name === 'kamailio')
    return Kamailio.start({ domain, accounts, ngAddress: rtpengine?.address.replace('udp:', '') })
  const config = {
    auth: { algorithms: ['MD5'] }, // as Kamailio's; sipp 3.6 answers no other
    registrar: { maxExpires: 3_600 }, // as Kamailio's here: the callees register once
  }
  return Offhook.start({ domain, accountList: accounts, media: rtpengine ?? 'none', config })
}
