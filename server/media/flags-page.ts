import { flagsOf, flagTable, rowNames, type NgFlags, type RowSide } from './flags.ts'

/** `docs/media-flags.md`: the flag table for operators, written from the table itself. */
export function renderFlagsPage(): string {
  const rows = rowNames.flatMap(name => {
    const row = flagTable[name]
    const title = `## \`${name}\`: ${row.title}`
    return [title, ...renderSide('Offer', row.offer), ...renderSide('Answer', row.answer)]
  })
  return [introduction, ...rows, overriding].join('\n\n') + '\n'
}

const introduction = `# Media flags

<!-- Written from \`server/media/flags.ts\`; see the README there. Do not edit. -->

What Offhook asks of rtpengine for each pair of caller and callee. A side is a browser when it came over WebSocket (SRC_WS
for the caller, DST_WS for the target), else a phone. Each row is shown as it stood in the scripts that Offhook replaces, then what
today's browsers need added or taken away, and why. The flags describe the SDP that is sent on: the offer's go to the callee,
the answer's to the caller. A later offer by the callee goes by the row of its own direction.

Every command also carries \`trust-address\`, or, for a phone behind a NAT whose SDP names a local address,
\`SIP-source-address\` with \`received-from\`.`

const overriding = `## Your own flags

\`media.flags\` in the configuration changes any row: a key replaces ours, \`null\` takes it away, \`bare: true\` begins with the
row as it stood.

\`\`\`yaml
media:
  flags:
    ws-ws: { bare: true }                                   # the old row, nothing added
    ws-phone: { offer: { codec: { strip: [ opus ] } } }     # ours, and no Opus towards phones
\`\`\``

function renderSide(name: string, side: RowSide): string[] {
  return [
    `### ${name}`,
    `As it stood: ${renderFlags(side.bare)}`,
    side.changes
      .map(({ set, unset, why }) => {
        const added = set && `add ${renderFlags(set)}`
        const removed = unset && `without ${unset.map(key => `\`${key}\``).join(', ')}`
        return `- ${[removed, added].filter(Boolean).join(', ')}: ${why}`
      })
      .join('\n'),
    `Sent: ${renderFlags(flagsOf(side))}`,
  ]
}

const renderFlags = (flags: NgFlags): string =>
  Object.entries(flags)
    .map(
      ([key, value]) =>
        `\`${key}=${Array.isArray(value) ? `[${value.join(', ')}]` : JSON.stringify(value).replaceAll('"', '')}\``,
    )
    .join(' ')
