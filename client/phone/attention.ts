import type { Softphone } from '../softphone/softphone.ts'
import { partyText } from './party-text.ts'

/** Tells of an incoming call where the page is not in view: in the title of its tab, and by a notification if allowed. */
export function connectAttention(softphone: Softphone, pageTitle: string): void {
  document.title = pageTitle
  let notification: Notification | undefined
  softphone.state.subscribe(({ call }) => {
    const caller = call?.state === 'incoming' ? partyText(call.remote, softphone.domain).title : undefined
    document.title = caller ? `${caller} is calling – ${pageTitle}` : pageTitle
    if (caller) return
    notification?.close()
    notification = undefined
  })
  softphone.events.on('incoming', call => {
    notification = notify(partyText(call.view.remote, softphone.domain).title)
  })
}

/** Never asks for the permission: that is its user's own business. */
function notify(caller: string): Notification | undefined {
  if (!('Notification' in window) || Notification.permission !== 'granted') return undefined
  try {
    const notification = new Notification(`${caller} is calling`, { tag: 'offhook-incoming', requireInteraction: true })
    notification.onclick = () => {
      window.focus()
      notification.close()
    }
    return notification
  } catch {
    return undefined // Chrome on Android has the constructor but lets only service workers use it.
  }
}
