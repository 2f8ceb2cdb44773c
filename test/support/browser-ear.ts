/** What the ear gives out: the newest sound of the newest call, 0 to 1 of full scale, empty when there is no call. */
export interface Sound {
  samples: number[]
  rate: number
}

export interface Ear {
  sound(): Sound
  packets(): Promise<PacketCounts>
}

export interface PacketCounts {
  sent: number
  received: number
  lost: number
}

declare global {
  interface Window {
    offhookTestEar: Ear
  }
}

/**
 * Runs in the page before its scripts: listens to every peer connection's remote stream, so that the page itself needs
 * no test hook. It also asks for the microphone without processing: a steady tone is noise to Chromium's noise
 * suppression, and the echo of one's own tone is what its echo canceller removes.
 */
export function installEar(): void {
  const WINDOW_SAMPLES = 32_768
  /** 48 kHz to 12 kHz: plenty for telephone tones, a quarter of the data. */
  const EVERY = 4
  const peers: RTCPeerConnection[] = []
  let analyser: AnalyserNode | undefined
  let context: AudioContext | undefined

  function listen(stream: MediaStream): void {
    // Chromium feeds Web Audio from a remote stream only while a media element plays it too.
    const player = new Audio()
    player.muted = true
    player.srcObject = stream
    void player.play()
    context ??= new AudioContext()
    analyser = new AnalyserNode(context, { fftSize: WINDOW_SAMPLES, smoothingTimeConstant: 0 })
    context.createMediaStreamSource(stream).connect(analyser)
  }

  const Native = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      peers.push(this)
      this.addEventListener('track', event => listen(event.streams[0] ?? new MediaStream([event.track])))
    }
  }

  const devices = navigator.mediaDevices
  const getUserMedia = devices.getUserMedia.bind(devices)
  devices.getUserMedia = constraints => {
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
    const audio = constraints?.audio && { ...(constraints.audio === true ? {} : constraints.audio), ...plain }
    return getUserMedia({ ...constraints, audio })
  }

  window.offhookTestEar = {
    sound() {
      if (!analyser || !context) return { samples: [], rate: 0 }
      const all = new Float32Array(WINDOW_SAMPLES)
      analyser.getFloatTimeDomainData(all)
      return { samples: [...all].filter((_, index) => index % EVERY === 0), rate: context.sampleRate / EVERY }
    },
    async packets() {
      const counts = { sent: 0, received: 0, lost: 0 }
      const report = await peers.at(-1)?.getStats()
      report?.forEach(
        (entry: { type: string; packetsSent?: number; packetsReceived?: number; packetsLost?: number }) => {
          if (entry.type === 'outbound-rtp') counts.sent += entry.packetsSent ?? 0
          if (entry.type !== 'inbound-rtp') return
          counts.received += entry.packetsReceived ?? 0
          counts.lost += entry.packetsLost ?? 0
        },
      )
      return counts
    },
  }
}
