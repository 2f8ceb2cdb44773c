import { Subject, type Observable } from './observable.ts'
import { renderTone, type Tone } from './tones.ts'

/** What the loudspeaker is to the rest of the softphone. */
export interface Loudspeaker {
  /** The browser lets nothing be heard until its user touches the page: show it, and call `unlock` from a gesture. */
  readonly isBlocked: Observable<boolean>
  playStream(stream: MediaStream): void
  stopStream(): void
  /** Replaces the tone that plays. */
  playTone(tone: Tone): void
  stopTone(): void
  /** Finds out whether sound is blocked. */
  prepare(): void
  /** To be called from a click or a key press, which is what browsers want before they let a page sound. */
  unlock(): void
}

/** A context that may sound needs some milliseconds until it runs. */
const startMs = 500

/** Sound through the default output: the far side in a media element, tones through WebAudio. */
export class BrowserLoudspeaker implements Loudspeaker {
  readonly #isBlocked = new Subject(false)
  readonly #element = new Audio()
  #context: AudioContext | undefined
  #tone: AudioBufferSourceNode | undefined

  get isBlocked(): Observable<boolean> {
    return this.#isBlocked
  }

  playStream(stream: MediaStream): void {
    this.#element.srcObject = stream
    this.#play()
  }

  stopStream(): void {
    this.#element.srcObject = null
  }

  playTone(tone: Tone): void {
    this.stopTone()
    const context = this.#prepareContext()
    const samples = renderTone(tone, context.sampleRate)
    const buffer = context.createBuffer(1, samples.length, context.sampleRate)
    buffer.copyToChannel(samples, 0)
    this.#tone = new AudioBufferSourceNode(context, { buffer, loop: tone.isLooped })
    this.#tone.connect(context.destination)
    this.#tone.start()
  }

  stopTone(): void {
    this.#tone?.stop()
    this.#tone?.disconnect()
    this.#tone = undefined
  }

  prepare(): void {
    const context = this.#prepareContext()
    setTimeout(() => this.#isBlocked.set(context.state !== 'running'), startMs)
  }

  unlock(): void {
    void this.#prepareContext().resume()
    if (this.#element.srcObject) this.#play()
  }

  #prepareContext(): AudioContext {
    if (this.#context) return this.#context
    const context = new AudioContext()
    context.onstatechange = () => this.#isBlocked.set(context.state !== 'running')
    this.#context = context
    return context
  }

  #play(): void {
    this.#element.play().then(
      () => this.#isBlocked.set(this.#context?.state === 'suspended'),
      (error: unknown) => {
        // AbortError only says that the stream was replaced or taken away meanwhile.
        if (error instanceof DOMException && error.name === 'NotAllowedError') this.#isBlocked.set(true)
      },
    )
  }
}
