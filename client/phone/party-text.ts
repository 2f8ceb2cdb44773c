import { showAddress } from '../softphone/address.ts'
import type { Party } from '../softphone/user-agent.ts'

/** Longest name or address that is shown; what the network sends has no limit. */
const maxLength = 64

/** Who a call is with: the display name when there is one, and the number or address. */
export function partyText({ name, user, host }: Party, homeDomain: string): { title: string; detail: string } {
  const address = clean(showAddress(user, host, homeDomain)) || 'Unknown'
  const title = clean(name) || address
  return { title, detail: title === address ? '' : address }
}

/** Control and format characters, among them those that turn the direction of text, could make one caller look like another. */
function clean(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
    .slice(0, maxLength)
}
