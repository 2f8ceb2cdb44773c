import { microphoneError, SoftphoneError } from './errors.ts'

/** Where a call gets its sound from. */
export interface Microphone {
  /** Asks for the microphone, which may show the browser's question. Rejects with a {@link SoftphoneError}. */
  open(): Promise<MediaStream>
}

/** The computer's microphone, with the browser's own echo cancellation, noise suppression and gain control. */
export const browserMicrophone: Microphone = {
  async open() {
    // Without https (or a loopback address) browsers hide mediaDevices altogether.
    if (!isSecureContext) throw new SoftphoneError('SOFTPHONE_INSECURE_PAGE')
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: true })
    } catch (error) {
      throw microphoneError(error)
    }
  },
}

/** Gives the microphone back. */
export function closeStream(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}
