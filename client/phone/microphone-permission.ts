import { Subject, type Observable } from '../softphone/observable.ts'

/** `unknown` where the browser does not tell. */
export type MicrophonePermission = PermissionState | 'unknown'

/** Whether this page may use the microphone, kept up to date. */
export function watchMicrophonePermission(): Observable<MicrophonePermission> {
  const permission = new Subject<MicrophonePermission>('unknown')
  void follow(permission)
  return permission
}

async function follow(permission: Subject<MicrophonePermission>): Promise<void> {
  try {
    const status = await navigator.permissions.query({ name: 'microphone' })
    permission.set(status.state)
    status.onchange = () => permission.set(status.state)
  } catch {
    // Older browsers do not know this permission: the first call asks.
  }
}
