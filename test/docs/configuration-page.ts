import { settings } from '../../server/config.ts'
import type { Setting } from '../../server/lib/settings.ts'

/** `docs/configuration.md`, from the settings themselves. */
export function renderConfigurationPage(): string {
  const groups = [...new Set(settings.map(groupOf))]
  return [introduction, ...groups.map(renderGroup), environment].join('\n')
}

const introduction = `<!-- Made from server/config.ts by \`npx vitest run --project unit test/docs -u\`. -->

# Configuration

Offhook runs without any. To change something, write \`offhook.yaml\` in the folder where you start it, or name another file
with \`offhook --config FILE\` or the environment variable \`OFFHOOK_CONFIG\`. The file is YAML and is checked at the start: a key
that does not exist or a value that makes no sense stops it with the line of the mistake.

\`\`\`yaml
domain: phone.example.com
listen:
  udp: ["0.0.0.0:5060"]
  tcp: ["0.0.0.0:5060"]
  tls: ["0.0.0.0:5061"]
  https: "0.0.0.0:443"
certificate:
  cert: /etc/letsencrypt/live/phone.example.com/fullchain.pem
  key: /etc/letsencrypt/live/phone.example.com/privkey.pem
publicAddress: 203.0.113.5
\`\`\`

- Once there is a file, \`listen.tls\` and \`listen.https\` are off unless it names them. Without a file they are on.
- Addresses are \`ADDRESS:PORT\`, IPv6 in brackets (\`[::]:5060\`). \`0.0.0.0\` is every IPv4 address of the machine. Port 0 is any free
  port; the log tells which.
- A list may also be written as text with commas. \`off\` or an empty list switches a listener off.
- Relative paths count from the folder of the file; without one, from where you start Offhook.
- Of each limit 0 switches it off.
`

const environment = `## Environment

Each key has an environment variable, which wins over the file: \`OFFHOOK_\` and the path in capitals, as in the tables. Lists are
written with commas, groups as YAML (\`OFFHOOK_MEDIA_FLAGS='{ ws-ws: { bare: true } }'\`). An empty variable does not count.
`

function groupOf({ path }: Setting): string {
  return path.length === 1 ? '' : path[0]!
}

function renderGroup(group: string): string {
  const members = settings.filter(setting => groupOf(setting) === group)
  const rows = members.map(setting => {
    const { path, description, unit, env } = setting
    const said = [description, ...(unit ? [`In ${unit}.`] : [])].join(' ')
    return `| \`${path.slice(group === '' ? 0 : 1).join('.')}\` | ${defaultOf(setting)} | ${said} | \`${env}\` |`
  })
  return [
    group === '' ? '## At the top' : `## \`${group}\``,
    '',
    '| Key | Default | Meaning | Variable |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function defaultOf({ default: value, example }: Setting): string {
  if (value === undefined) return example === undefined ? '–' : `– (e.g. \`${example}\`)`
  if (Array.isArray(value)) return value.length === 0 ? 'none' : `\`${value.join(', ')}\``
  return typeof value === 'object' ? 'none' : `\`${JSON.stringify(value).replaceAll('"', '')}\``
}
