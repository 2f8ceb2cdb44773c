import { BrowserLoudspeaker } from '../softphone/audio.ts'
import type { SoftphoneError } from '../softphone/errors.ts'
import { createJssipUserAgent } from '../softphone/jssip.ts'
import { browserMicrophone } from '../softphone/microphone.ts'
import { connectRinger } from '../softphone/ringer.ts'
import { loadSettings, sipServer, type Settings } from '../softphone/settings.ts'
import { Softphone } from '../softphone/softphone.ts'
import { connectAttention } from './attention.ts'
import { watchMicrophonePermission } from './microphone-permission.ts'
import { OffhookApp } from './offhook-app.ts'
import { OffhookStart } from './offhook-start.ts'
import { SavedSignIn } from './saved-sign-in.ts'

/** Loads the settings, then shows the phone in place of the words of waiting. */
async function start(page: OffhookStart): Promise<void> {
  page.problem = undefined
  try {
    page.replaceWith(buildApp(await loadSettings()))
  } catch (error) {
    page.problem = error as SoftphoneError
  }
}

function buildApp(settings: Settings): OffhookApp {
  const softphone = new Softphone({
    server: sipServer(settings, location),
    domain: settings.domain,
    createUserAgent: createJssipUserAgent,
    microphone: browserMicrophone,
  })
  const loudspeaker = new BrowserLoudspeaker()
  connectRinger(softphone, loudspeaker)
  connectAttention(softphone, settings.name)
  leaveWithPage(softphone)
  return new OffhookApp({
    settings,
    softphone,
    loudspeaker,
    microphone: browserMicrophone,
    microphonePermission: watchMicrophonePermission(),
    savedSignIn: new SavedSignIn(),
    isSecurePage: isSecureContext,
  })
}

/** `pagehide`, because browsers do away with `unload`; a page that comes back from their cache begins anew. */
function leaveWithPage(softphone: Softphone): void {
  addEventListener('pagehide', () => softphone.signOut())
  addEventListener('pageshow', event => {
    if (event.persisted) location.reload()
  })
  addEventListener('beforeunload', event => {
    if (softphone.call) event.preventDefault()
  })
}

const page = new OffhookStart()
page.addEventListener('offhook-retry', () => void start(page))
document.body.append(page)
void start(page)
