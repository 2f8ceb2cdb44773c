import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit'

/** Line icons on a 24 × 24 grid, drawn in the colour of the text. Decoration: the control beside them has the name. */
function icon(paths: SVGTemplateResult): TemplateResult {
  return html`<svg
    viewBox="0 0 24 24"
    width="24"
    height="24"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    ${paths}
  </svg>`
}

const handset = svg`<path
  d="M21 16.5v2.8a1.8 1.8 0 0 1-2 1.8C10.6 20.5 3.5 13.4 2.9 5a1.8 1.8 0 0 1 1.8-2h2.800a1.4 1.4 0 0 1 1.4 1.200c.1 1 .4 2 .7 2.900a1.4 1.4 0 0 1-.3 1.500L8.1 9.800a14.5 14.5 0 0 0 6.1 6.100l1.2-1.200a1.4 1.4 0 0 1 1.5-.3c.9.3 1.9.6 2.9.7A1.4 1.4 0 0 1 21 16.500Z"
  fill="currentColor" stroke="none" />`

export const icons = {
  handset: icon(handset),
  hangUp: icon(svg`<g transform="rotate(135 12 12)">${handset}</g>`),
  microphone: icon(
    svg`<rect x="9" y="3" width="6" height="11" rx="3" /><path d="M5.5 11.500a6.5 6.5 0 0 0 13 0M12 18v3" />`,
  ),
  microphoneOff: icon(
    svg`<path d="M9 5.500A3 3 0 0 1 15 6v5m-.6 1.900A3 3 0 0 1 9 11V9M5.5 11.500a6.5 6.5 0 0 0 10.8 4.900M18.5 11.500a6.5 6.5 0 0 1-.4 2.200M12 18v3M4 3l16 18" />`,
  ),
  keypad: icon(
    svg`<g fill="currentColor" stroke="none">${[5, 12, 19].map(y => [5, 12, 19].map(x => svg`<circle cx=${x} cy=${y} r="1.9" />`))}</g>`,
  ),
  backspace: icon(svg`<path d="M9 5h11a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H9l-6-7 6-7Zm3.5 4.5 5 5m0-5-5 5" />`),
  warning: icon(
    svg`<path d="M12 8.500v4.500m0 3.500v.01M10.3 4 2.8 17.200A2 2 0 0 0 4.5 20.200h15a2 2 0 0 0 1.7-3L13.7 4a2 2 0 0 0-3.4 0Z" />`,
  ),
  sound: icon(
    svg`<path d="M4 9.500v5h3.500L12 18.500v-13L7.5 9.500H4Zm12-.5a4.2 4.2 0 0 1 0 6m2.5-8.500a7.8 7.8 0 0 1 0 11" />`,
  ),
  signOut: icon(svg`<path d="M9.5 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h3.500M15 8l4 4-4 4m4-4H9.5" />`),
  person: icon(svg`<circle cx="12" cy="8.5" r="4" /><path d="M4.5 20.500a7.5 7.5 0 0 1 15 0" />`),
} as const
