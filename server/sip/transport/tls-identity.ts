import { isIP } from 'node:net'
import tls, { type PeerCertificate } from 'node:tls'
import { splitOutside } from '../message/grammar.ts'

/**
 * Is this the certificate of the SIP domain? (RFC 5922 §7.2.) Names match whole and without case; a wildcard matches nothing.
 * An IP address, which the RFC does not know, is checked as TLS does everywhere. Answers with the error, as `tls` wants it.
 */
export function checkSipIdentity(domain: string, certificate: PeerCertificate): Error | undefined {
  if (isIP(domain)) return tls.checkServerIdentity(domain, certificate)
  const names = sipIdentities(certificate)
  if (names.includes(domain.toLowerCase())) return undefined
  return new Error(`Certificate is not for ${domain} but for ${names.join(', ') || 'nobody'}`)
}

/** The domains a certificate speaks for: `sip:` URIs, else DNS names, else the common name (§7.1). Lower case. */
export function sipIdentities(certificate: PeerCertificate): string[] {
  // A value with a comma in it stands in quotes: split without minding them it would pass for a further name.
  const alternatives = splitOutside(certificate.subjectaltname ?? '', ',')
  const uris = valuesOf(alternatives, 'URI:')
    .filter(uri => /^sip:[^@;?]+$/i.test(uri))
    .map(uri => uri.slice('sip:'.length))
  if (uris.length) return uris.map(lower)
  const names = valuesOf(alternatives, 'DNS:')
  if (names.length) return names.map(lower)
  return [certificate.subject.CN ?? []].flat().map(lower)
}

const lower = (text: string): string => text.toLowerCase()

const valuesOf = (alternatives: string[], prefix: string): string[] =>
  alternatives.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length))
