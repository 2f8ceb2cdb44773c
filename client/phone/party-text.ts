import { showAddress } from '../softphone/address.ts'
import type { Party } from '../softphone/user-agent.ts'

/** Longest name or address that is shown; what the network sends has no limit. */
const maxLength = 64

/** Who a call is with: the name or number in large letters, and beneath it the address, or the domain of a stranger. */
export function partyText({ name, user, host }: Party, homeDomain: string): { title: string; detail: string } {
  const address = clean(showAddress(user, host, homeDomain))
  const title = clean(name) || clean(user) || address || 'Unknown'
  if (title === address) return { title, detail: '' }
  return { title, detail: title === clean(user) ? clean(`@${host}`) : address }
}

/** Control and format characters, among them those that turn the direction of text, could make one caller look like another. */
function clean(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
    .slice(0, maxLength)
}
